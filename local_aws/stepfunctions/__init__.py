"""Step Functions: moto's engine, with SageMaker's tasks, roles, redrives and a memory.

Imports `sagemaker`, whose jobs its tasks wait for, and what is below; `awslambda` watches its
executions, `server` installs it.
"""
