"""CloudFormation: a stack's resources are made by the same calls that a user would make.

Imports nothing of the other services: it calls them. `server` installs it.
"""
