"""Steps of AWS's Data Science SDK: every one can be created, and none says what is not so."""

import json
from enum import Enum
from typing import Any

import pytest
from stepfunctions.steps import sagemaker, service

from local_aws.client import EmbeddedAws
from tests.functional.local_aws.stepfunctions.integrations.test_tasks import task
from tests.functional.local_aws.stepfunctions.test_executions import create, run
from tests.functional.sagemaker_requests import unique
from tests.support.roles import ROLE

SYNC = ("elasticmapreduce:createCluster", "elasticmapreduce:addStep", "databrew:startJobRun")
OTHERS = ("batch:submitJob", "ecs:runTask", "glue:startJobRun", "codebuild:startBuild")
JOBS = ("TransformJob", "HyperParameterTuningJob", "LabelingJob", "TrainingJob", "ProcessingJob")


def actions(name: str, enum: type[Enum]) -> list[str]:
    return [f"{name}:{each.value}" for each in enum]


EVERY = [
    *actions("sagemaker", sagemaker.SageMakerApi),
    *(f"sagemaker:create{job}.sync" for job in JOBS),
    *actions("dynamodb", service.DynamoDBApi),
    *actions("eks", service.EksApi),
    *actions("elasticmapreduce", service.ElasticMapReduceApi),
    *actions("events", service.EventBridgeApi),
    *actions("databrew", service.GlueDataBrewApi),
    *actions("sns", service.SnsApi),
    *actions("sqs", service.SqsApi),
    *actions("states", service.StepFunctions),
    *(f"{name}.sync" for name in (*SYNC, *OTHERS)),
    *OTHERS,
]


@pytest.fixture
def states(embedded_aws: EmbeddedAws) -> Any:
    return embedded_aws.client("stepfunctions")


def test_every_step_can_be_created(states: Any) -> None:
    names = [f"Step{n}" for n in range(len(EVERY))]
    steps: list[tuple[str, dict[str, Any]]] = [
        (name, {**task(resource), "Next": following, "End": False})
        for name, resource, following in zip(names, EVERY, [*names[1:], "Done"], strict=True)
    ]
    for _, step in steps:
        del step["End"]

    assert create(states, *steps, ("Done", {"Type": "Succeed"}))


@pytest.mark.parametrize(
    "resource",
    [
        *("sagemaker:createTransformJob.sync", "sagemaker:createEndpoint", "glue:startJobRun.sync"),
        *("elasticmapreduce:createCluster.sync", "batch:submitJob.sync", "eks:call"),
    ],
)
def test_a_step_without_its_service_fails_and_says_so(states: Any, resource: str) -> None:
    execution = run(states, ("Step", task(resource, Name="x")))

    assert execution["error"] == "EmbeddedAws.NotSupported"
    assert execution["cause"] == (
        f"{resource}: the embedded AWS does not have this; only AWS itself can run this step"
    )


def test_a_model_and_the_configuration_of_an_endpoint_are_made(
    embedded_aws: EmbeddedAws, states: Any
) -> None:
    name = unique("model")
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/image:1"
    variant = {
        **{"VariantName": "all", "ModelName": name, "InitialInstanceCount": 1},
        "InstanceType": "ml.m5.large",
    }
    model = task(
        "sagemaker:createModel",
        **{"ModelName": name, "ExecutionRoleArn": ROLE, "PrimaryContainer": {"Image": image}},
    )
    endpoint = task(
        "sagemaker:createEndpointConfig", EndpointConfigName=name, ProductionVariants=[variant]
    )
    del model["End"]

    execution = run(states, ("Model", {**model, "Next": "Endpoint"}), ("Endpoint", endpoint))

    assert execution["status"] == "SUCCEEDED", execution
    assert json.loads(execution["output"])["EndpointConfigArn"].endswith(name)
    described = embedded_aws.client("sagemaker").describe_model(ModelName=name)
    assert described["PrimaryContainer"]["Image"] == image
