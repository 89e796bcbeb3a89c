"""Service Quotas: the quotas that a pipeline meets, and a route that sets them.

This package imports `requests`, `context.py`, `credentials.py` and `wrapping.py`. `server` imports
it.
"""
