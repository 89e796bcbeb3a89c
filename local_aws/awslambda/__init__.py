"""Lambda: runs deployed zips in child processes, at once, asynchronously or ahead of time.

This package imports `stepfunctions`, to start functions before an execution calls them, `events`,
`logs`, `messaging`, `iam`, `requests`, `state`, `containers`, `context.py`, `arns.py` and
`wrapping.py`. `server` imports it.
"""
