"""Lambda: deployed zips run in child processes, at once, ahead of their time or asynchronously.

Imports `stepfunctions` (to start functions ahead of their states) and what is below; `server`
installs it.
"""
