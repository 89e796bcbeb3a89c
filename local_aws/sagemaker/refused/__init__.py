"""Requests for jobs that are refused, because nothing here would do what they ask for.

This package imports `local_aws/arns.py`. `local_aws/sagemaker/processing_job.py` and
`local_aws/sagemaker/training_job.py` import it.
"""
