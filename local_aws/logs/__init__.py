"""CloudWatch Logs: keeps log events in pieces, finds them by prefix, and writes as a role.

This package imports `iam` and what is below. `sagemaker`, `awslambda` and `server` import it.
"""
