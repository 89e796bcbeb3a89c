"""What a job needs to say of itself: in MLflow, in SageMaker's own experiments, and by its key."""

from collections.abc import Mapping
from types import MappingProxyType

from lambdas.reuse.keys import VARIABLE
from state_machine.account import Account
from state_machine.artifacts.bundle import WHEELS
from state_machine.config import PipelineConfig
from state_machine.definition.run_state import RUN
from state_machine.sdk import sdk


def tracking_parameters(
    config: PipelineConfig,
    step: str,
    model_uri: sdk.Placeholder | None = None,
    variables: Mapping[str, object] = MappingProxyType({}),
) -> dict[str, object]:
    """The part of a Create*Job call that ties the job of `step` to its run.

    ExperimentConfig is PrepareRun's work, because experiment and trial must exist before the job:
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ExperimentConfig.html
    `variables` are others of the job's environment, which is one parameter of the call.
    A result that may be reused says in its job's variables by which key, see
    lambdas/reuse/results.py. The other variables are what ml_scripts/job/tracking.py reads; there
    are none where tracking is off.
    """
    variables = {**variables, **_pip(config.account)}
    if step != "evaluate":
        variables[VARIABLE] = RUN["steps"][step.capitalize()]["key"]
    if config.tracking.mlflow_tracking_uri and step != "preprocess":
        variables |= _mlflow(config)
        if model_uri is not None:
            variables["RETRAIN_MODEL_URI"] = model_uri
    experiment = {"ExperimentConfig": RUN["experiment"][step]}
    return {**experiment, "Environment": variables} if variables else {**experiment}


def _pip(account: Account) -> dict[str, object]:
    """Where pip finds what a job's requirements.txt asks for.

    Both process.sh and SageMaker's toolkit run it in the folder that the code is unpacked to.
    https://pip.pypa.io/en/stable/topics/configuration/#environment-variables
    """
    index = {"PIP_INDEX_URL": account.pip_index_url} if account.pip_index_url else {}
    if account.wheels is None:
        return {**index}
    return {"PIP_FIND_LINKS": WHEELS, **(index or {"PIP_NO_INDEX": "1"})}


def _mlflow(config: PipelineConfig) -> dict[str, object]:
    return {
        "MLFLOW_TRACKING_URI": config.tracking.mlflow_tracking_uri,
        "MLFLOW_EXPERIMENT_NAME": config.tracking.experiment or config.name,
        "RETRAIN_RUN_ID": RUN["run_id"],
        "RETRAIN_DATASET": RUN["dataset"]["name"],
        "RETRAIN_FINGERPRINT": RUN["dataset"]["fingerprint"],
        "RETRAIN_CODE_SHA256": RUN["code"]["sha256"],
    }
