"""CloudWatch Logs: events that are kept in pieces, read by prefix, written with a role's rights.

Imports `iam` and what is below; `sagemaker`, `stepfunctions` and `awslambda` write to it.
"""
