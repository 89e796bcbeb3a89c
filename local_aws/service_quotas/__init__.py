"""Service Quotas: the quotas that a pipeline meets, and a route that sets them.

Imports `context` and what is below; `server` installs it.
"""
