"""IAM: what the policies of roles and buckets allow, asked at each call that a role makes.

Imports `requests` and what is below; every service asks it, and `server` refuses what it refuses.
`required_actions.py` says which rights an operation needs: a new service adds its own there.
"""
