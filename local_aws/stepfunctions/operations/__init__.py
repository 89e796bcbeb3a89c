"""Step Functions' operations that moto lacks, and those that it answers otherwise than AWS does.

Each module adds some actions of the API to moto's answering class, or corrects what moto answers
for them; `installation.py` lists them in their order. This package imports
`local_aws/wrapping.py` and, of its neighbours, `local_aws/stepfunctions/executions.py`,
`local_aws/stepfunctions/integration_fields.py` and `local_aws/stepfunctions/sagemaker_task.py`.
`local_aws/server/extensions.py` imports it.
"""
