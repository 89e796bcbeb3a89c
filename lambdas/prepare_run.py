"""PrepareRun, the state after the turn: what exactly this execution will do, written down."""

import logging
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from lambdas.boundary.transient import naming_transient_errors
from lambdas.data_sets.copies import Copier
from lambdas.data_sets.data_sets import DataSets
from lambdas.data_sets.source_data import copy_source_data
from lambdas.errors import (
    DataSetChangedError,
    ImageError,
    IncompleteDataSetError,
    ReproductionError,
)
from lambdas.reproduction.original import check_sharding, inputs_of
from lambdas.reuse.keys import keys
from lambdas.reuse.results import Results
from lambdas.reuse.reuse import computed, reuse
from lambdas.runs import images, instances, plan
from lambdas.runs import input as run_input
from lambdas.runs.champion import in_state, place_champion, place_no_champion
from lambdas.runs.code import check_code
from lambdas.runs.executions import run_id
from lambdas.runs.experiment import ensure_trial
from lambdas.runs.hyperparameters import sent
from lambdas.runs.ledger import Ledger
from lambdas.runs.timeouts import state_timeouts

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient

log = logging.getLogger(__name__)


@naming_transient_errors
def prepare_run(
    event: Mapping[str, Any],
    *,
    s3: "S3Client",
    sagemaker: "SageMakerClient",
    ecr: images.Ecr,
    seconds_left: Callable[[], float],
) -> dict[str, Any]:
    """Return the state that all later steps read, and write it to ``runs/<run_id>/run.json``.

    ``event`` holds ``execution`` (arn, started_at), its ``input``, and the deployment's
    ``defaults``. The input ``{}`` takes the newest complete data set and all defaults. The data's
    object versions are copied to ``runs/<run_id>/source_data/``, the champion's model to
    ``runs/<run_id>/champion/``, and the execution is entered in the ledger. Repeating the call is
    harmless. The state's ``outcome`` is ``prepared``, or ``preprocessed`` or ``trained`` where an
    earlier run has the results of these steps, and then it holds them. With ``force`` in the input,
    and to reproduce a run, every step is computed.

    Where files were changed after TakeTurn let the execution go, nothing is planned. The answer is
    ``outdated``, and TakeTurn decides anew.

    With ``reproduce`` in the input the run has the data, code, images and settings of that run, and
    no champion; the state's ``reproduces`` is its id. The data is read from the other run's copy.

    The state's ``images`` name digests, so that jobs, retries, redrives and the registry have the
    same bits whatever AWS builds meanwhile; run.json has the tags too, as ``image_tags``.
    ``ecr(region)`` is a client of ECR there.

    ``seconds_left`` says how long the call may still work. Data that take longer to copy raise
    UnfinishedCopyError, and the next call goes on with them.

    Raises InvalidInputError, the DataSetErrors, ReproductionError, ThrottlingError, CodeError where
    the deployed code was replaced (no job ran it), ImageError, and RunIdTakenError where another
    execution has the run's folder (nothing in there is touched).
    """
    defaults = event["defaults"]
    asked = run_input.of_execution(event)
    datasets = DataSets.of(s3, defaults)
    plan.check_owner(s3, _identity(event) | {"started_at": event["execution"]["started_at"]})
    try:
        state = _inputs(event, asked, datasets, Copier(s3, seconds_left), sagemaker)
    except (DataSetChangedError, IncompleteDataSetError):
        # Replaced before they were looked at, or while they were copied.
        outdated = _outdated(asked, datasets)
        if outdated is None:
            raise
        log.info(outdated["message"], extra={"execution": event["execution"]["arn"]})
        return outdated
    tags = state.pop("image_tags", state["images"])
    state["images"] = _resolved(state["images"], asked, ecr)
    # Of an execution that began before a deployment the definition may not hand them over yet.
    if defaults.get("volumes_have_key"):
        instances.check_disks(state["instance_types"], defaults["instance_types"])
    timeouts = defaults.get("timeout_seconds", {})
    state["timeout_seconds"] = state_timeouts(timeouts, state["dataset"])
    results = Results(s3, sagemaker, defaults["bucket"])
    step_keys = keys(state, defaults["steps"])
    outcome, state = reuse(state, step_keys, results, _why_not(asked, defaults))
    state["experiment"] = ensure_trial(
        sagemaker, defaults["experiment"], state["run_id"], defaults.get("tags", [])
    )
    _write_plan(s3, {**state, "image_tags": tags}, event, asked)
    if asked.reproduce is None:
        for key in computed(state).values():
            results.enter(key, state["run_id"])
    Ledger(s3, defaults["bucket"]).enter(event["execution"]["arn"], event["input"], starter="")
    return {"outcome": outcome, **state}


def _inputs(
    event: Mapping[str, Any],
    asked: run_input.RunInput,
    datasets: DataSets,
    copier: Copier,
    sagemaker: "SageMakerClient",
) -> dict[str, Any]:
    if asked.reproduce is not None:
        return _plan_again(event, asked.reproduce, copier.s3)
    check_code(copier.s3, event["defaults"]["code"])
    return _plan(event, asked, datasets, copier, sagemaker)


def _why_not(asked: run_input.RunInput, defaults: Mapping[str, Any]) -> str:
    """Say why this execution computes everything; nothing where it need not."""
    if asked.reproduce is not None:
        return "to see whether the result repeats"
    if asked.force:
        return "forced"
    return "reuse_unchanged_steps is false" if defaults["reuse_steps"] == "never" else ""


def _plan(
    event: Mapping[str, Any],
    asked: run_input.RunInput,
    datasets: DataSets,
    copier: Copier,
    sagemaker: "SageMakerClient",
) -> dict[str, Any]:
    """Choose the data set and the champion, place the run's copies of both, return the state."""
    defaults = event["defaults"]
    dataset = datasets.choose(asked.dataset, asked.fingerprint)
    state = _identity(event)
    paths = state["paths"]
    sharding = defaults["sharding"]
    source_data = copy_source_data(copier, dataset, paths["source_data"], sharding)
    group = defaults["model_package_group"]
    champion = place_champion(copier.s3, sagemaker, group, paths["champion"])
    return {
        **state,
        "dataset": {
            **dataset.as_state(),
            "s3_uri": source_data,
            "uploaded_to": dataset.s3_uri,
            "sharding": sharding,
        },
        "preprocessing": _as_text(defaults["preprocessing"]),
        "hyperparameters": _as_text({**defaults["hyperparameters"], **asked.hyperparameters}),
        **_instances(defaults, asked.instance_types),
        "code": defaults["code"],
        "champion": in_state(champion),
        "reproduces": None,
    }


def _plan_again(event: Mapping[str, Any], original: str, s3: "S3Client") -> dict[str, Any]:
    """Take the inputs of the run ``original``; what is Approved now has no part in its result."""
    defaults = event["defaults"]
    inputs = inputs_of(s3, defaults["bucket"], original, defaults["hyperparameters"])
    check_sharding(original, inputs["dataset"], defaults["sharding"]["instance_count"])
    deployed = _instances(defaults, inputs.get("instance_types", {}))
    # Nothing is registered, so what would serve the model is not the original's.
    used = {job: image for job, image in inputs.get("images", {}).items() if job in instances.JOBS}
    inputs |= deployed | {"images": deployed["images"] | used}
    state = _identity(event)
    champion = place_no_champion(s3, state["paths"]["champion"])
    return {**state, **inputs, "champion": in_state(champion), "reproduces": original}


def _instances(defaults: Mapping[str, Any], asked: Mapping[str, str]) -> dict[str, Any]:
    """Return the type of each job's instances, and of AWS's images the one that is built for it.

    And the image that serves the model. Of an execution that began before a deployment that had
    none in its payload, the definition names it itself.
    """
    types = {**defaults["instance_types"], **asked}
    found = {job: defaults["images"][instances.of_job(types[job])] for job in types}
    if images.SERVING in defaults["images"]:
        found[images.SERVING] = defaults["images"][images.SERVING]
    return {"instance_types": types, "images": found}


def _resolved(
    named: Mapping[str, str], asked: run_input.RunInput, ecr: images.Ecr
) -> dict[str, str]:
    try:
        return images.resolve(named, ecr)
    except ImageError as error:
        if asked.reproduce is None:
            raise
        raise ReproductionError(f"run {asked.reproduce} cannot be reproduced: {error}") from error


def _identity(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return what every run has of its own: names, folders, and a token."""
    execution, defaults = event["execution"], event["defaults"]
    identity = run_id(execution["arn"])
    return {
        "run_id": identity,
        "execution_arn": execution["arn"],
        "client_token": str(uuid.uuid5(uuid.NAMESPACE_URL, execution["arn"])),
        "paths": _paths(defaults["bucket"], identity),
        "model_package_group": defaults["model_package_group"],
    }


def _outdated(asked: run_input.RunInput, datasets: DataSets) -> dict[str, Any] | None:
    if asked.fingerprint is None:  # whatever data there is: nothing can take its place
        return None
    dataset = datasets.now(asked.dataset)
    if dataset.fingerprint == asked.fingerprint:
        return None
    message = f"data set {dataset.name!r} was changed since this execution had its turn: found "
    message += f"fingerprint {dataset.fingerprint}, expected {asked.fingerprint}"
    return {"outcome": "outdated", "message": message}


def _write_plan(
    s3: "S3Client", state: dict[str, Any], event: Mapping[str, Any], asked: run_input.RunInput
) -> None:
    content = {
        **state,
        "started_at": event["execution"]["started_at"],
        "input": event["input"],
        "requested_by": asked.requested_by,
        "reason": asked.reason,
        # Whatever starts executions for others says so in their input: who says nothing did it
        # directly, in the console or through StartExecution.
        "trigger": asked.trigger or "console",
    }
    plan.write(s3, content)
    log.info("run planned", extra={"run_id": state["run_id"], "dataset": state["dataset"]["name"]})


def _paths(bucket: str, run_id: str) -> dict[str, str]:
    run = f"s3://{bucket}/runs/{run_id}"
    return {
        "run": run,
        "checkpoints": f"s3://{bucket}/{plan.CHECKPOINTS}{run_id}",
        **{folder: f"{run}/{folder}" for folder in plan.FOLDERS},
        "decision": f"{run}/decision.json",
        "report": f"{run}/report.html",
    }


def _as_text(values: Mapping[str, run_input.Hyperparameter]) -> dict[str, str]:
    """SageMaker takes container arguments and hyperparameters as text only."""
    return {name: sent(value) for name, value in values.items()}
