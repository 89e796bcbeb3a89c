"""What happens to a request before its service: its name, its checks, injected faults.

This package imports `wrapping.py`. `iam`, `ecr`, `logs`, `messaging`, `events`, `s3`,
`sagemaker`, `stepfunctions`, `awslambda`, `service_quotas` and `server` import it.
"""
