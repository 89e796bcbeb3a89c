"""What runs inside SageMaker's containers. There this folder is the top: `import dataset`.

The scripts on top are the ones that SageMaker starts (`preprocessing.py`, `main.py`,
`evaluation.py`) and that a user replaces (`dataset.py`, `model.py`, `training.py`). Below them are
rooms: `data`, `fitting`, `scoring`, `job`. Data comes and goes through /opt/ml, so that nothing
here knows of AWS, and nothing here imports anything of ours outside of this folder.
"""
