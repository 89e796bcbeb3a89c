"""S3: objects in files, conditional writes, notifications.

This package imports `events`, `messaging` and what is below. `sagemaker` and `server` import it.
"""
