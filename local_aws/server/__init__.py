"""The web server around moto: its port, its gateway, and the list of all extensions.

`extensions.py` installs every service: a new service is added there; `failures.py` and
`inner_errors.py` tell what went wrong in the caller's protocol. This package imports
`awslambda`, `cloudformation`, `service_quotas`, `stepfunctions`, `sagemaker`, `ecr`, `s3`,
`events`, `logs`, `messaging`, `iam`, `requests`, `state`, `containers`, `processes`, `context.py`,
`credentials.py`, `sdk_files.py`, `shell.py` and `wrapping.py`. `__main__.py`, `client.py` and, to
see which server has a data folder, `cli` import it.
"""
