"""CloudFormation: makes the resources of a stack by the calls that a user would make.

So this package imports no other service. `server` imports it.
"""
