"""EventBridge: rules, patterns, schedules, targets.

Other services put their events on the bus with `bus.emit`. This package imports `messaging`, `iam`,
`requests`, `state`, `context.py`, `arns.py` and `wrapping.py`. `s3`, `sagemaker`, `stepfunctions`,
`awslambda` and `server` import it.
"""
