"""The limits of what pipeline.toml may say: what AWS would refuse, often after money was spent.

Where botocore's models hold a limit it is read from them; the others name their page of AWS's. The
embedded AWS keeps a table of its own, and tests/fuzz/test_accepted.py holds what is accepted here
against that table and against the models.
"""

import json
import math
import re
from collections.abc import Mapping

from lambdas.boundary.text import shown, units
from lambdas.data_sets import manifest
from lambdas.runs.hyperparameters import sent
from lambdas.runs.input import LARGEST_NUMBER, LONGEST_VALUE, ONE_LINE
from state_machine.service_models import bound

Hyperparameter = bool | int | float | str

# What the SDK adds to a training's hyperparameters: for the toolkit in AWS's image, and one more
# where several hosts train. All of them count, and their names are the toolkit's.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
SDK_HYPERPARAMETERS = 6
MAX_HYPERPARAMETERS = bound("sagemaker", "HyperParameters", "max") - SDK_HYPERPARAMETERS
RESERVED = "sagemaker_"
# Evaluate's job tells its script in its environment; a training's takes 512.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html
LONGEST_VARIABLE = bound("sagemaker", "ProcessingEnvironmentValue", "max")
# All variables of a Lambda together, as JSON, take 4,096 bytes; what is not a setting has a quarter
# of that, see state_machine/deployment/functions.py.
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
LAMBDA_ENVIRONMENT, NAMES_IN_IT = 4096, 1024
# All settings as JSON. Most of them are part of what the first states are given, of which Step
# Functions takes 262,144 bytes, together with an execution's input.
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
MOST_BYTES = 65536
# A managed spot job waits at most so long as any training job may run: 28 days. AWS documents no
# bound of MaxWaitTimeInSeconds of its own.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StoppingCondition.html
LONGEST_SPOT_WAIT = 28 * 24 * 3600
LARGEST_SEED = 2**32 - 1  # of numpy's generators
TRACKING_URI = re.compile(
    r"^(https?://[^@\s/]+(/[^@\s]*)?|sqlite:////.+\.db"
    r"|arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:[0-9]{12}"
    r":(mlflow-tracking-server|mlflow-app)/[a-zA-Z0-9](-*[a-zA-Z0-9])*)$"
)
HYPERPARAMETER_NAME = re.compile(r"^[A-Za-z][A-Za-z0-9_-]{0,62}$")


def check_hyperparameter(name: str, value: Hyperparameter) -> None:
    """Raise ValueError where an execution's input could not give it, or a training not take it."""
    if not HYPERPARAMETER_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no hyperparameter name: letters, digits, '-' and '_' only")
    if name.startswith(RESERVED):
        raise ValueError(f"{name} is a name of SageMaker's toolkit: expected another")
    if problem := _problem(value):
        raise ValueError(f"{name} is {shown(value)}: expected {problem}")


def check_tracking_uri(uri: str) -> str:
    """Return the URI of an MLflow that jobs can use. Raises ValueError."""
    if uri and not TRACKING_URI.fullmatch(uri):
        raise ValueError(
            "expected https://HOST without user and password, the ARN of a SageMaker MLflow "
            "tracking server or MLflow app, sqlite:////ABSOLUTE/PATH.db, or nothing"
        )
    return check_variable(uri)


def check_variable(text: str) -> str:
    """Return what fits into a variable of any job. Raises ValueError."""
    if units(text) > LONGEST_VARIABLE:
        raise ValueError(
            f"{units(text)} characters, expected at most {LONGEST_VARIABLE}: a processing job's "
            "variables take no more"
        )
    return text


def check_variables(told: Mapping[str, str], files: int, hyperparameters: int) -> None:
    """Ask what CreateFunction asks, with room for the longest names of a stage.

    `told` are the variables that come of the settings: `files` names and so many hyperparameters.
    """
    size, most = len(json.dumps(told).encode()), LAMBDA_ENVIRONMENT - NAMES_IN_IT
    if size > most:
        raise ValueError(
            f"data.required_files ({files}) and training.hyperparameters ({hyperparameters}) take "
            f"{size} bytes of the Lambdas' variables: expected at most {most} of Lambda's "
            f"{LAMBDA_ENVIRONMENT}. Take a {manifest.FILE_NAME} in the data set in place of many "
            "required_files"
        )


def check_size(size: int) -> None:
    """Raise ValueError if all settings, `size` bytes of JSON, are more than states can pass on."""
    if size > MOST_BYTES:
        raise ValueError(
            f"all settings take {size} bytes as JSON: expected at most {MOST_BYTES}, because Step "
            "Functions passes them on from state to state"
        )


def _problem(value: Hyperparameter) -> str:
    """Say what is expected of a value; empty where it is right."""
    if isinstance(value, str):
        # A text that is JSON is sent in quotes, which count.
        fits = units(sent(value)) <= LONGEST_VALUE and re.fullmatch(ONE_LINE, value)
        return "" if fits else f"one line of at most {LONGEST_VALUE} characters as it is sent"
    if isinstance(value, float) and not math.isfinite(value):
        return "a finite number"
    return "" if abs(value) <= LARGEST_NUMBER else f"a number of at most {LARGEST_NUMBER:.0e}"
