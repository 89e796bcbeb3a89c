"""ECR: AWS's own TensorFlow images, and what moto's registries of the account lack.

This package imports `requests`, `context.py`, `credentials.py`, `arns.py` and `wrapping.py`.
`sagemaker`, whose jobs name images, and `server` import it.
"""
