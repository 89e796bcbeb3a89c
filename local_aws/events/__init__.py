"""EventBridge: rules, patterns, schedules, targets.

Other services put their events on the bus with `bus.emit`. This package imports `messaging` and
what is below. `s3`, `sagemaker`, `stepfunctions`, `awslambda` and `server` import it.
"""
