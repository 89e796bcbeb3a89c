"""The web server around moto: its port, its gateway, and the list of all extensions.

`extensions.py` installs every service: a new service is added there. This package imports
`awslambda`, `cloudformation`, `service_quotas`, `stepfunctions`, `sagemaker`, `ecr`, `s3`,
`events`, `logs`, `messaging`, `iam`, `requests`, `state`, `containers`, `processes`, `context.py`,
`credentials.py`, `sdk_files.py` and `shell.py`. `__main__.py`, `client.py` and, to see which server
has a data folder, `cli` import it.
"""
