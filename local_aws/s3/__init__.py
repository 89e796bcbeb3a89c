"""S3: objects in files, conditional writes, notifications.

This package imports `events`, `messaging`, `state`, `context.py`, `arns.py` and `wrapping.py`.
`sagemaker` and `server` import it.
"""
