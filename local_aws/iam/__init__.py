"""IAM: what the policies of roles and buckets allow.

`server` asks it about every call that a role makes. Services ask it when they act for a role.
`required_actions.py` says which rights an operation needs: a new service adds its operations there.
This package imports `requests` and what is below.
"""
