"""Messages between services: SNS, and deliveries that go on after a request has ended.

This package imports `iam`, `requests`, `state`, `context.py`, `arns.py` and `wrapping.py`.
`events`, `s3`, `awslambda` and `server` import it.
"""
