"""Lambda: runs deployed zips in child processes, at once, asynchronously or ahead of time.

This package imports `stepfunctions`, to start functions before an execution calls them, and what is
below. `server` imports it.
"""
