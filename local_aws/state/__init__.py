"""What is kept on disk, and is there again after `kill -9`: one SQLite file.

This package imports `wrapping.py` and no service: each service says what of its data is kept.
`context.py`, `client.py`, `__main__.py`, `server`, `awslambda`, `stepfunctions`, `sagemaker`, `s3`,
`events`, `logs`, `messaging`, `iam` and, to count what a data folder keeps, `cli` import it.
"""
