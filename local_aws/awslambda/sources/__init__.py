"""Event sources that Lambda polls: it reads them by the right of the function's role, and invokes.

This package imports the rest of `local_aws.awslambda`, `local_aws.events`, `local_aws.iam`,
`local_aws.messaging`, `local_aws.state`, `local_aws/context.py` and `local_aws/wrapping.py`.
`local_aws.server` imports it.
"""
