"""Images whose work is not a script of the caller's: there is nothing here that could do it.

In the place of an image runs this machine's Python with the caller's script. What an image brings
along itself, an algorithm or Spark, is not on this machine.
"""

from collections.abc import Mapping
from typing import Any

from moto.sagemaker.exceptions import AWSValidationException

from local_aws import arns

# The built-in algorithms, by their repositories:
# https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-algo-docker-registry-paths.html
_ALGORITHMS = frozenset(
    {
        "blazingtext",
        "factorization-machines",
        "forecasting-deepar",
        "image-classification",
        "ipinsights",
        "kmeans",
        "knn",
        "lda",
        "linear-learner",
        "ntm",
        "object-detection",
        "object2vec",
        "pca",
        "randomcutforest",
        "semantic-segmentation",
        "seq2seq",
        "xgboost",
    }
)
# https://docs.aws.amazon.com/sagemaker/latest/dg/ecr-us-east-1.html
_PROGRAMS = {
    "detailed-profiler-processing": "the profiler",
    "sagemaker-clarify-processing": "SageMaker Clarify",
    "sagemaker-data-wrangler-container": "Data Wrangler",
    "sagemaker-debugger-rules": "the rules of SageMaker Debugger",
    "sagemaker-geospatial-v1-0": "the geospatial libraries",
    "sagemaker-model-monitor-analyzer": "Model Monitor",
    "sagemaker-spark-processing": "Spark",
}
# By which AWS's training toolkit is told of a script:
# https://github.com/aws/sagemaker-training-toolkit/blob/master/src/sagemaker_training/params.py
_PROGRAM = "sagemaker_program"
_HINT = "the embedded AWS runs no images, only scripts on this machine's Python"


def check_training(request: Mapping[str, Any]) -> None:
    """Refuse a built-in algorithm, and a training that names no script and no command."""
    algorithm = request["AlgorithmSpecification"]
    repository = _repository(str(algorithm.get("TrainingImage", "")))
    if repository in _ALGORITHMS:
        raise AWSValidationException(f"The built-in algorithm {repository!r} is not here: {_HINT}.")
    names_a_script = (
        algorithm.get("ContainerEntrypoint")
        or _PROGRAM in request.get("HyperParameters", {})
        or _PROGRAM.upper() in request.get("Environment", {})
    )
    if not names_a_script:
        raise AWSValidationException(
            f"The job names no script (the hyperparameter {_PROGRAM}, which an estimator's "
            f"entry_point becomes) and no AlgorithmSpecification.ContainerEntrypoint: {_HINT}."
        )


def check_processing(request: Mapping[str, Any]) -> None:
    """Refuse a program of AWS's, and an image whose own entry point is to run."""
    application = request["AppSpecification"]
    program = _PROGRAMS.get(_repository(application["ImageUri"]))
    if program is not None:
        raise AWSValidationException(f"{program[0].upper()}{program[1:]} is not here: {_HINT}.")
    if not application.get("ContainerEntrypoint"):
        raise AWSValidationException(
            "AppSpecification.ContainerEntrypoint is needed: the embedded AWS runs no images, "
            "so it does not know the image's own entry point."
        )


def _repository(image: str) -> str:
    found = arns.ecr_image(image)
    return found.repository if found else ""
