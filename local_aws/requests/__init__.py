"""What happens to a request before its service: its name, its checks, injected faults.

This package imports `wrapping`, and may import `state`. `iam` and `server` import it.
"""
