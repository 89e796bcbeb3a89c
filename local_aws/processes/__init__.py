"""Child processes that end with the server, whatever ends it.

Imports nothing; `awslambda` and `sagemaker` start their children here.
"""
