"""Search: jobs, experiments and the Model Registry by any of their properties.

This package imports `local_aws/sagemaker/job.py` and `local_aws/wrapping.py`. `local_aws.server`
imports it.
"""
