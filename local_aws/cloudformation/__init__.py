"""CloudFormation: makes the resources of a stack by the calls that a user would make.

This package imports `wrapping.py` and no other service: the package calls the services through
boto3. `server` imports it.
"""
