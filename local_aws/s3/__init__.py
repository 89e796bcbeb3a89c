"""S3: objects in files, conditional writes, notifications.

Imports `events`, `messaging` and what is below; `server` installs it.
"""
