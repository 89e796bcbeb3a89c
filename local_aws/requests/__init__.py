"""What every request meets before its service does: its name, its model, injected faults.

Imports `state` and what is below; `iam` reads the names of calls here, `server` puts it first.
"""
