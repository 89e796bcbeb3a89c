"""The state machine: configuration in, Amazon States Language out.

Building is pure and deterministic: no network, no clock, the same JSON twice. What differs from run
to run (paths, job names, hyperparameters) is a path into the state that PrepareRun returns.

    TakeTurn -> Turn -- go ---------> PrepareRun
                     |- settle -----> Settle -------> TakeTurn
                     |- incomplete -> WaitForFiles -> TakeTurn
                     |- wait -------> WaitForTurn --> TakeTurn
                     `- superseded -> Superseded
    PrepareRun -> Prepared -- prepared -----> Preprocess
                           |- preprocessed -> Train       an earlier run has the arrays
                           |- trained ------> Evaluate    and the model
                           `- outdated -----> TakeTurn    the data set was changed meanwhile
    Preprocess -> Train -> Evaluate -> CheckMetrics -> QualityGate
        QualityGate -- register ------> RegisterModel -> ApproveModel -> Registered
                    |- keep_champion -> ChampionKept
                    |- reproduced, differs -> Compared
                    `- otherwise -----> Rejected (QualityGate.ThresholdNotMet)

ApproveModel is there only where `[registry.auto_approve]` is enabled.

There is no Catch: a step that fails is left failed, so that RedriveExecution resumes right there.
"""

import json
from typing import Any

from lambdas.gate.gate import PENDING
from lambdas.gate.verdicts import REJECTED_ERROR
from lambdas.reproduction.comparison import DIFFERS, REPRODUCED
from lambdas.reuse.reuse import PREPARED, PREPROCESSED, TRAINED
from lambdas.runs import instances
from lambdas.runs.timeouts import LONGEST_TRANSFER_SECONDS
from state_machine.config import PipelineConfig
from state_machine.definition import jobs
from state_machine.definition.deployed import Deployed
from state_machine.definition.lambda_states import (
    LAMBDA_STATE_SECONDS,
    MORE_CALLS,
    PREPARE_RUN_SECONDS,
    lambda_state,
    unfinished_retry,
)
from state_machine.definition.run_state import RUN
from state_machine.definition.step_identity import identities
from state_machine.definition.turns import by_outcome, question, take_turn, waiting_seconds
from state_machine.images import of_stage
from state_machine.names import DATASET_PREFIX
from state_machine.sdk import sdk
from state_machine.sdk.asl import Fail, LambdaStep, Task, join

REGISTER_STATE_SECONDS = 60
LAMBDA_STATES = 2  # after PrepareRun: CheckMetrics, ApproveModel
# What a state that decides leaves in the run's state.
DECISION = (
    "decision",
    "reason",
    "approval_status",
    "rules",
    "auto_approve",
    "metrics",
    "cost",
    "customer_metadata",
    "description",
)


def build(config: PipelineConfig, deployed: Deployed) -> sdk.Chain:
    """The states in order."""
    preprocess, train = jobs.preprocess(config, deployed), jobs.train(config, deployed)
    defaults = _defaults(config, deployed) | {
        "steps": identities([preprocess, train], deployed.bundle)
    }
    asked = question(config, deployed, defaults)
    evaluate = jobs.evaluate(config, deployed)
    decide = [_check_metrics(config, deployed), _quality_gate(config, deployed)]
    work = sdk.Chain([preprocess, train, evaluate, *decide])
    ways = {PREPARED: work, PREPROCESSED: train, TRAINED: evaluate, "outdated": asked}
    prepared = by_outcome("Prepared", ways)
    run = sdk.Chain([_prepare_run(deployed, defaults), prepared])
    return take_turn(asked, run)


def graph(config: PipelineConfig, deployed: Deployed) -> sdk.Graph:
    """The whole machine, with its timeout and comment, for `Workflow.create()` and `.update()`."""
    return sdk.Graph(
        build(config, deployed),
        timeout_seconds=_whole_run_seconds(config),
        comment=f"Retrains on uploads such as {config.data.dataset}: preprocess, train, evaluate, "
        f"and register the model that passes the gate",
    )


def as_dict(config: PipelineConfig, deployed: Deployed) -> dict[str, Any]:
    """The machine as Amazon States Language."""
    loaded: dict[str, Any] = json.loads(graph(config, deployed).to_json())
    return loaded


def _defaults(config: PipelineConfig, deployed: Deployed) -> dict[str, Any]:
    """What an execution does unless its input says otherwise."""
    return {
        "bucket": deployed.names.bucket,
        "dataset_prefix": DATASET_PREFIX,
        "required_files": config.data.required_files,
        "preprocessing": {
            "validation_fraction": config.preprocessing.validation_fraction,
            "seed": config.preprocessing.seed,
        },
        "sharding": {
            "instance_count": config.preprocessing.instance_count,
            "replicated_files": config.preprocessing.replicated_files,
        },
        "hyperparameters": config.training.hyperparameters,
        "bounds": config.bounds,
        "instance_types": {
            section: getattr(config, section).instance_type for section in jobs.SECTIONS.values()
        },
        "reuse_steps": "unchanged" if config.reuse_unchanged_steps else "never",
        "timeout_seconds": {
            section: jobs.state_seconds(getattr(config, section))
            for section in jobs.SECTIONS.values()
        },
        "images": of_stage(config, deployed.names.region),
        "code": {"s3_uri": deployed.bundle.s3_uri, "sha256": deployed.bundle.sha256},
        "model_package_group": _group(config, deployed),
        "experiment": deployed.names.prefix,
        **({"volumes_have_key": True} if config.account.kms_key else {}),
        # Of what PrepareRun makes itself: experiment and trial.
        **jobs.tags(config, key="tags"),
    }


def _group(config: PipelineConfig, deployed: Deployed) -> str:
    return deployed.names.model_package_group(config.registry.model_package_group)


def _prepare_run(deployed: Deployed, defaults: dict[str, Any]) -> LambdaStep:
    payload = {
        "execution": {"arn.$": "$$.Execution.Id", "started_at.$": "$$.Execution.StartTime"},
        "input.$": "$$.Execution.Input",
        "defaults": defaults,
    }
    return lambda_state(
        "PrepareRun",
        "prepare_run",
        payload,
        deployed,
        timeout_seconds=PREPARE_RUN_SECONDS,
        retry=[unfinished_retry()],
        result_selector={"run.$": "$.Payload"},
        output_path="$.run",
    )


def _check_metrics(config: PipelineConfig, deployed: Deployed) -> LambdaStep:
    return _decision("CheckMetrics", "check_metrics", config, deployed)


def _approve_model(config: PipelineConfig, deployed: Deployed) -> list[LambdaStep]:
    if not config.registry.auto_approve.enabled:
        return []
    return [_decision("ApproveModel", "approve_model", config, deployed)]


def _decision(state: str, function: str, config: PipelineConfig, deployed: Deployed) -> LambdaStep:
    """A state whose Lambda returns the decision on the run's model."""
    payload = {
        "run": RUN,
        "evaluation_s3_uri": join("{}/evaluation.json", RUN["paths"]["evaluation"]),
        "gate": config.gate.model_dump(),
        "auto_approve": config.registry.auto_approve.model_dump(),
    }
    return lambda_state(
        state,
        function,
        payload,
        deployed,
        result_selector={f"{key}.$": f"$.Payload.{key}" for key in DECISION},
        result_path="$.quality_gate",
    )


def _quality_gate(config: PipelineConfig, deployed: Deployed) -> sdk.Choice:
    gate = sdk.Choice("QualityGate")
    decision = RUN["quality_gate"]["decision"].to_jsonpath()
    register = sdk.Chain(
        [
            _register_model(config, deployed),
            *_approve_model(config, deployed),
            sdk.Succeed("Registered"),
        ]
    )
    gate.add_choice(sdk.ChoiceRule.StringEquals(decision, "register"), register)
    gate.add_choice(
        sdk.ChoiceRule.StringEquals(decision, "keep_champion"), sdk.Succeed("ChampionKept")
    )
    # Of a run that reproduces another: whichever it is, nothing is registered.
    compared = sdk.Succeed("Compared")
    for answer in (REPRODUCED, DIFFERS):
        gate.add_choice(sdk.ChoiceRule.StringEquals(decision, answer), compared)
    # Anything that is not a known decision is a rejection: the gate fails closed.
    gate.default_choice(
        Fail("Rejected", error=REJECTED_ERROR, cause_path=RUN["quality_gate"]["reason"])
    )
    return gate


def _register_model(config: PipelineConfig, deployed: Deployed) -> Task:
    instance_types = config.registry.inference_instance_types
    statistics = {
        "ContentType": "application/json",
        "S3Uri": join("{}/evaluation.json", RUN["paths"]["evaluation"]),
    }
    container = {
        "Image": RUN["images"]["serving"],
        "ModelDataUrl": RUN["training_job"]["model_data_url"],
        "Framework": "TENSORFLOW",
        "FrameworkVersion": config.training.framework_version,
    }
    parameters = {
        "ModelPackageGroupName": _group(config, deployed),
        "ModelPackageDescription": RUN["quality_gate"]["description"],
        # Never Approved: whether the rules may approve it is asked when it stands in the registry.
        "ModelApprovalStatus": PENDING,
        # Derived from the execution: a repeated call registers once.
        "ClientToken": RUN["client_token"],
        "InferenceSpecification": {
            "Containers": [container],
            "SupportedContentTypes": ["application/json"],
            "SupportedResponseMIMETypes": ["application/json"],
            "SupportedRealtimeInferenceInstanceTypes": instance_types,
            **_transform(instance_types),
        },
        "ModelMetrics": {"ModelQuality": {"Statistics": statistics}},
        "CustomerMetadataProperties": RUN["quality_gate"]["customer_metadata"],
    }
    return Task(
        "RegisterModel",
        resource=deployed.names.integration("aws-sdk:sagemaker:createModelPackage"),
        parameters=parameters,
        result_selector={"model_package_arn.$": "$.ModelPackageArn"},
        result_path="$.registration",
        timeout_seconds=REGISTER_STATE_SECONDS,
        retry=jobs.sagemaker_retry(),
    )


def _transform(instance_types: list[str]) -> dict[str, list[str]]:
    """Those of the endpoints' types that batch transform knows too, whose list is shorter.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_InferenceSpecification.html
    """
    known = instances.known(instances.TRANSFORM)
    fitting = [instance_type for instance_type in instance_types if instance_type in known]
    return {"SupportedTransformInstanceTypes": fitting} if fitting else {}


def _whole_run_seconds(config: PipelineConfig) -> int:
    steps = (config.preprocessing, config.training, config.evaluation)
    longest = [jobs.state_seconds(job) + LONGEST_TRANSFER_SECONDS for job in steps]
    in_jobs = sum(longest) * (1 + jobs.MAX_RETRIES)
    preparing = PREPARE_RUN_SECONDS * (1 + MORE_CALLS)
    around = preparing + LAMBDA_STATES * LAMBDA_STATE_SECONDS + REGISTER_STATE_SECONDS
    return waiting_seconds(config) + in_jobs + around
