"""What a script does as a job of SageMaker: folders, failure texts, archives, tracking.

This package imports nothing of ours. The other packages and nearly all scripts import it.
"""
