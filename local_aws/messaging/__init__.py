"""Messages between services: SNS, and deliveries that outlive the request that caused them.

Imports `iam` and what is below; `events`, `s3` and `awslambda` send through it.
"""
