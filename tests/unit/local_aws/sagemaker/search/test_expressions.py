"""Filters on training jobs and trial components, by each kind of property that AWS's pages name."""

from datetime import UTC, datetime
from typing import Any

import pytest
from moto.core.utils import get_service_model

from local_aws.sagemaker.search.expressions import check, matches
from local_aws.sagemaker.search.properties import InvalidExpressionError

MODEL = get_service_model("sagemaker")
JOB = {
    "TrainingJobName": "mnist-1",
    "TrainingJobStatus": "Completed",
    "CreationTime": datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC),
    "TrainingTimeInSeconds": 40,
    "EnableManagedSpotTraining": True,
    "HyperParameters": {"learning_rate": "0.25", "layers.first": "64", "optimizer": "adam"},
    "ModelArtifacts": {"S3ModelArtifacts": "s3://b/m/model.tar.gz"},
    "FinalMetricDataList": [{"MetricName": "validation:accuracy", "Value": 0.9}],
    "Tags": [{"Key": "team", "Value": "vision"}, {"Key": "a.b", "Value": "c"}],
    "InputDataConfig": [
        {"ChannelName": "train", "DataSource": {"S3DataSource": {"S3Uri": "s3://b/train"}}},
        {"ChannelName": "test", "DataSource": {"S3DataSource": {"S3Uri": "s3://b/test"}}},
    ],
}
COMPONENT = {
    "TrialComponentName": "c",
    "Parameters": {"epochs": {"NumberValue": 3.0}, "mode": {"StringValue": "fast"}},
    "Metrics": [{"MetricName": "loss", "Min": 0.1, "Max": 2.0, "Last": 0.2}],
    "Parents": [
        {"TrialName": "t1", "ExperimentName": "e1"},
        {"TrialName": "t2", "ExperimentName": "e2"},
    ],
}


def holds(record: dict[str, Any], name: str, how: str | None, value: str | None) -> bool:
    condition = {"Name": name, "Operator": how, "Value": value}
    expression = {"Filters": [{key: each for key, each in condition.items() if each is not None}]}
    shape = MODEL.shape_for("TrialComponent" if record is COMPONENT else "TrainingJob")
    check(shape, expression)
    return matches(shape, record, expression)


@pytest.mark.parametrize(
    ("name", "how", "value", "expected"),
    [
        ("TrainingJobName", "Equals", "mnist-1", True),
        ("TrainingJobName", None, "mnist-1", True),
        ("TrainingJobName", "NotEquals", "mnist-1", False),
        ("TrainingJobName", "Contains", "nist", True),
        ("TrainingJobStatus", "In", "Failed,Completed", True),
        ("TrainingJobStatus", "In", "Complete", False),
        ("ModelArtifacts.S3ModelArtifacts", "Equals", "s3://b/m/model.tar.gz", True),
        ("ModelArtifacts", "Exists", None, True),
        ("FailureReason", "NotExists", None, True),
        ("FailureReason", "Equals", "x", False),
        ("CreationTime", "GreaterThan", "2026-05-04T03:02:00", True),
        ("CreationTime", "LessThan", "2026-05-04T03:02:01Z", False),
        ("TrainingTimeInSeconds", "GreaterThanOrEqualTo", "40", True),
        ("EnableManagedSpotTraining", "Equals", "true", True),
        ("HyperParameters.learning_rate", "LessThan", "0.5", True),
        ("HyperParameters.learning_rate", "LessThan", "0", False),
        ("HyperParameters.learning_rate", "Equals", "0", True),  # as integers, AWS's page says
        ("HyperParameters.layers.first", "GreaterThan", "9", True),
        ("HyperParameters.optimizer", "Equals", "adam", True),
        ("HyperParameters.nothing", "Exists", None, False),
        ("Metrics.validation:accuracy", "GreaterThan", "0.85", True),
        ("Tags.team", "Equals", "vision", True),
        ("Tags.a.b", "Equals", "c", True),
        ("Tags.other", "NotExists", None, True),
        ("InputDataConfig.ChannelName", "Equals", "test", True),
        ("InputDataConfig.DataSource.S3DataSource.S3Uri", "Contains", "b/train", True),
    ],
)
def test_a_training_job_is_found(name: str, how: str | None, value: str, expected: bool) -> None:
    assert holds(JOB, name, how, value) is expected


@pytest.mark.parametrize(
    ("name", "how", "value", "expected"),
    [
        ("Parameters.epochs", "LessThan", "4", True),
        ("Parameters.mode", "Equals", "fast", True),
        ("Metrics.loss.min", "LessThan", "0.15", True),
        ("Metrics.loss.Max", "GreaterThan", "1", True),
        ("Metrics.loss", "Equals", "0.2", True),
        ("Parents.TrialName", "Equals", "t2", True),
        ("Parents.ExperimentName", "Equals", "e3", False),
    ],
)
def test_a_trial_component_is_found(name: str, how: str, value: str, expected: bool) -> None:
    assert holds(COMPONENT, name, how, value) is expected


@pytest.mark.parametrize(("uri", "expected"), [("s3://b/train", True), ("s3://b/test", False)])
def test_nested_filters_hold_for_one_element(uri: str, expected: bool) -> None:
    filters = [
        {"Name": "InputDataConfig.ChannelName", "Operator": "Equals", "Value": "train"},
        {"Name": "InputDataConfig.DataSource.S3DataSource.S3Uri", "Value": uri},
    ]
    nested = [{"NestedPropertyName": "InputDataConfig", "Filters": filters}]
    shape = MODEL.shape_for("TrainingJob")
    check(shape, {"NestedFilters": nested})
    assert matches(shape, JOB, {"NestedFilters": nested}) is expected


def test_parts_are_joined_by_the_operator() -> None:
    right = {"Filters": [{"Name": "TrainingJobName", "Value": "mnist-1"}]}
    wrong = {"Filters": [{"Name": "TrainingJobName", "Value": "mnist-2"}]}
    both = {"SubExpressions": [right, wrong]}
    shape = MODEL.shape_for("TrainingJob")
    assert not matches(shape, JOB, both)
    assert matches(shape, JOB, {**both, "Operator": "Or"})


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ({"Filters": []}, "You must provide at least one subexpression, filter, or nested filter."),
        ({"Filters": [{"Name": "Nope", "Value": "1"}]}, "Unknown property name: Nope"),
        (
            {"Filters": [{"Name": "TrainingJobName.X", "Value": "1"}]},
            "Unknown property name: TrainingJobName.X",
        ),
        (
            {"Filters": [{"Name": "TrainingJobName", "Operator": "LessThan", "Value": "1"}]},
            "LessThan is not supported for the property TrainingJobName.",
        ),
        (
            {"Filters": [{"Name": "CreationTime", "Operator": "Contains", "Value": "1"}]},
            "Contains is not supported for the property CreationTime.",
        ),
        (
            {"Filters": [{"Name": "RoleArn", "Operator": "Contains", "Value": "1"}] * 2},
            "'CONTAINS' operator usage limit of 1 exceeded.",
        ),
    ],
)
def test_an_expression_is_refused(expression: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidExpressionError) as caught:
        check(MODEL.shape_for("TrainingJob"), expression)
    assert str(caught.value) == said


def test_a_value_of_another_type_is_refused() -> None:
    with pytest.raises(InvalidExpressionError, match="'soon' is not a timestamp"):
        holds(JOB, "CreationTime", "GreaterThan", "soon")
