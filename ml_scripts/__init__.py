"""What runs in SageMaker's containers.

At the top are the scripts that SageMaker starts (`preprocessing.py`, `main.py`, `evaluation.py`)
and the ones that a user replaces (`dataset.py`, `model.py`, `training.py`). `process.sh` starts the
scripts of processing jobs, and asks `installed.py` whether pip has something to install. What the
scripts share is in packages: `scoring` above `fitting` above `data` above `job`.

In a container this folder is the top: a script says `import dataset`, and `from job import
container`. Data comes and goes through /opt/ml, so nothing here imports boto3. This package imports
no other package of this project. `benchmarks` imports it.
"""
