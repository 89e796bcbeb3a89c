"""Service Quotas: the quotas that a pipeline meets, and a route that sets them.

This package imports `context` and what is below. `server` imports it.
"""
