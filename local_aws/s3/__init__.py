"""S3: objects in files, conditional writes, owners of buckets, notifications.

This package imports `events`, `messaging`, `iam`, `requests`, `state`, `context.py`, `arns.py`
and `wrapping.py`. `sagemaker` and `server` import it.
"""
