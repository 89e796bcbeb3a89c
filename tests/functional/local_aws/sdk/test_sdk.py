"""The SageMaker SDK as its users call it: a call works or is refused in one line; none leaves."""

from pathlib import Path
from typing import Any

import pytest

from local_aws.client import EmbeddedAws
from tests.support.roles import ROLE, ensure_role
from tests.support.watched import Watched, run

PROGRAM = Path(__file__).with_name("sdk_calls.py")
ARN = "arn:aws:sagemaker:us-east-1:123456789012"
WORKS: dict[str, Any] = {
    "session_files": ["s.txt", ["files/s.txt"], "body", "body"],
    "expand_role": ROLE,
    "processor_run": "TEXT",
    "processor_stop": "Stopped",
    "estimator_fit": "Completed",
    "estimator_attach": True,
    "estimator_logs": None,
    "training_job_analytics": [0.5],
    "estimator_register": f"{ARN}:model-package/sdk/1",
    "model_create": ROLE,
    "model_register": f"{ARN}:model-package/sdk",
    "endpoint_config": "config",
    "model_card": "sdk",
    "training_details": True,
    "experiment_run": [[3.0], [0.5]],
    "session_describe": "Completed",
}
REFUSED = {
    "deploy": "CreateEndpoint is refused: the embedded AWS serves no models.",
    "predict": "InvokeEndpoint is refused: the embedded AWS serves no models.",
    "transform": "CreateTransformJob is refused: the embedded AWS runs no batch transform jobs.",
    "tuner_fit": "CreateHyperParameterTuningJob is refused: the embedded AWS runs no tuning jobs.",
    "pipeline_upsert": "CreatePipeline is refused: the embedded AWS runs no SageMaker Pipelines",
    "feature_group_create": "CreateFeatureGroup is refused: the embedded AWS has no Feature Store.",
    "debugger_rules": "DebugRuleConfigurations is refused: the embedded AWS evaluates no rules",
    "built_in_algorithm": "The built-in algorithm 'linear-learner' is not here: the embedded AWS",
    "pyspark": "Spark is not here: the embedded AWS runs no images",
    "clarify": "SageMaker Clarify is not here: the embedded AWS runs no images",
    "automl": "CreateAutoMLJob is refused: the embedded AWS runs no AutoML jobs.",
    "neo_compile": "CreateCompilationJob is refused: the embedded AWS compiles no models.",
    "monitoring_schedule": "Model Monitor is not here: the embedded AWS runs no images",
}


@pytest.fixture(scope="module")
def done(embedded_aws: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> Watched:
    before = {"ROLE": ensure_role(embedded_aws)}
    return run(embedded_aws, PROGRAM.read_text(), tmp_path_factory.mktemp("sdk"), before)


def test_no_call_leaves(done: Watched) -> None:
    assert done.left == []


def test_every_case_is_expected(done: Watched) -> None:
    assert set(done.told) == {*WORKS, *REFUSED}


@pytest.mark.parametrize("case", WORKS)
def test_a_call_works(done: Watched, case: str) -> None:
    assert done.told[case] == {"returned": WORKS[case]}


@pytest.mark.parametrize("case", REFUSED)
def test_a_call_is_refused(done: Watched, case: str) -> None:
    assert REFUSED[case] in done.told[case]["raised"]
