"""What runs in SageMaker's containers.

At the top are the scripts that SageMaker starts (`preprocessing.py`, `main.py`, `evaluation.py`)
and the ones that a user replaces (`dataset.py`, `model.py`, `training.py`). What they share is in
packages: `scoring` above `fitting` above `data` above `job`.

In a container this folder is the top: a script says `import dataset`, and `from job import
container`. Data comes and goes through /opt/ml, so nothing here imports boto3, and nothing here
imports another package of this project.
"""
