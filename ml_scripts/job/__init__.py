"""What every container has to do with SageMaker: folders, failure texts, archives, tracking.

Imports nothing of ours; all scripts and rooms import it.
"""
