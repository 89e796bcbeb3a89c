"""Child processes that end when the server ends, even if it is killed.

This package imports no other package of this project. `containers`, `sagemaker`, `server` and,
for the servers of web pages, `cli` import it.
"""
