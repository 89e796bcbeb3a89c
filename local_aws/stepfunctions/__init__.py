"""Step Functions: moto's engine, with SageMaker's tasks, roles, redrives and kept executions.

This package imports `sagemaker`, because its tasks wait for jobs, `events`, `iam`, `requests`,
`state`, `context.py`, `arns.py` and `wrapping.py`. `awslambda`, which follows executions to start
functions ahead, and `server` import it.
"""
