"""SageMaker: jobs as child processes, experiments, the Model Registry.

This package imports `s3`, `events`, `logs` and what is below. `stepfunctions`, which waits for its
jobs, and `server` import it.
"""
