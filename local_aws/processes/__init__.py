"""Child processes that end when the server ends, even if it is killed.

This package imports nothing of ours. `awslambda`, `sagemaker` and `server` import it, and `cli`
does so for the web pages that it starts.
"""
