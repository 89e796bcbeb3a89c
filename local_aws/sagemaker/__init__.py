"""SageMaker: jobs as child processes, experiments, the Model Registry.

This package imports `s3`, `events`, `ecr`, `logs`, `iam`, `requests`, `state`, `containers`,
`processes`, `context.py`, `arns.py` and `wrapping.py`. `stepfunctions`, which waits for
SageMaker's jobs, `server` and `benchmarks` import it.
"""
