"""Which rights a call needs: actions of IAM, on which resources, under which conditions.

`required.py` has a table of operations, to which a new service adds its own, `required_s3.py` those
of S3, `dependent.py` what a service does beside the call with its caller's rights. This package
imports `local_aws/iam/limits.py`, `local_aws/iam/policies.py`, `local_aws.requests` and
`local_aws/arns.py`. `local_aws/iam/role_calls.py` and `local_aws.awslambda` import it.
"""
