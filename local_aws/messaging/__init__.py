"""Messages between services: SNS, and deliveries that go on after a request has ended.

This package imports `iam` and what is below. `events`, `s3`, `awslambda` and `server` import it.
"""
