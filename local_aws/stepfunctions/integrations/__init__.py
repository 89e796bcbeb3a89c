"""What a task's service is asked and answers: names, values, errors and waits, as AWS has them.

This package imports `local_aws/wrapping.py`. `local_aws.server`,
`local_aws/stepfunctions/calls.py` and `local_aws/stepfunctions/sagemaker_task.py` import it.
"""
