"""What a script does as a job of SageMaker: folders, failure texts, archives, tracking.

This package imports no other package of this project. `data`, `fitting`, `scoring`, `dataset.py`,
`preprocessing.py`, `main.py`, `training.py` and `evaluation.py` import it.
"""
