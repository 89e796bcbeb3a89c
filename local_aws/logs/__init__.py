"""CloudWatch Logs: keeps log events in pieces, finds them by prefix, and writes as a role.

This package imports `iam`, `requests`, `state`, `context.py` and `wrapping.py`. `sagemaker`,
`awslambda` and `server` import it.
"""
