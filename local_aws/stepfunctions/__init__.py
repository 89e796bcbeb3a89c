"""Step Functions: moto's engine, with SageMaker's tasks, roles, redrives and kept executions.

This package imports `sagemaker`, because its tasks wait for jobs, and what is below. `awslambda`,
which follows executions to start functions ahead, and `server` import it.
"""
