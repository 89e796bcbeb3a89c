"""What Lambda answers of functions, of their aliases and of the account, where moto's answers lack.

This package imports `local_aws/wrapping.py`, and no room of another service. `local_aws.server`,
`local_aws/awslambda/functions.py` and `local_aws/awslambda/service.py` import it.
"""
