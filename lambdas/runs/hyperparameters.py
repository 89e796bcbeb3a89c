"""Hyperparameters as SageMaker takes them, texts only, and as the training script gets them.

AWS's training toolkit, which starts the script in the container, reads each text as JSON and falls
back to the text itself: ``1.10`` becomes the number 1.1, ``null`` nothing at all. So a text that is
JSON is sent as a JSON string. All others, and numbers, are sent as they are.
https://github.com/aws/sagemaker-training-toolkit/blob/master/src/sagemaker_training/environment.py
"""

import json

Hyperparameter = bool | int | float | str


def sent(value: Hyperparameter) -> str:
    """Return the text to send for a value."""
    if isinstance(value, bool):
        return json.dumps(value)
    if not isinstance(value, str):
        return str(value)
    # SageMaker takes one line: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
    if not value.isprintable():
        return json.dumps(value)
    return json.dumps(value, ensure_ascii=False) if _is_json(value) else value


def written(text: str) -> str:
    """Return what was written where ``text`` is sent."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return found if isinstance(found, str) else text


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    except RecursionError:  # the toolkit would fail on it
        return True
    return True
