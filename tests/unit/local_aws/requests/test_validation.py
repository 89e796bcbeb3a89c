"""What AWS would say to a request, from botocore's models."""

import json
import re
from functools import cache
from typing import Any

import pytest
from botocore.model import MapShape, OperationModel, ServiceModel, Shape, StringShape
from botocore.session import Session
from hypothesis import given
from hypothesis import strategies as st

from local_aws.requests.constraints import unknown_members, violations
from local_aws.requests.patterns import _compile, matches
from local_aws.requests.validation import CHECKED_SERVICES, problem_with

JOB_NAME = r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"


@cache
def model(service: str) -> ServiceModel:
    return Session().get_service_model(service)


def operation(service: str, name: str) -> OperationModel:
    return model(service).operation_model(name)


def problem(service: str, name: str, **request: Any) -> tuple[str, str] | None:
    code = CHECKED_SERVICES[service]
    return problem_with(operation(service, name), json.dumps(request), code)


PROCESSING_JOB = {
    "ProcessingJobName": "run-1-preprocess-0-0",
    "ProcessingResources": {
        "ClusterConfig": {
            "InstanceCount": 1,
            "InstanceType": "ml.m5.xlarge",
            "VolumeSizeInGB": 30,
        }
    },
    "AppSpecification": {
        "ImageUri": "763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-training:2.19",
        "ContainerEntrypoint": ["/bin/bash", "/opt/ml/processing/input/code/process.sh"],
        "ContainerArguments": ["preprocessing.py", "--seed", "42"],
    },
    "RoleArn": "arn:aws:iam::123456789012:role/sagemaker",
    "ProcessingInputs": [
        {
            "InputName": "code",
            "S3Input": {
                "S3Uri": "s3://bucket/code",
                "LocalPath": "/opt/ml/processing/input/code",
                "S3DataType": "S3Prefix",
                "S3InputMode": "File",
            },
        }
    ],
    "Environment": {"SEED": "42"},
    "Tags": [{"Key": "run", "Value": "größer 1"}],
}


def processing_job(**changes: Any) -> tuple[str, str] | None:
    return problem("sagemaker", "CreateProcessingJob", **(PROCESSING_JOB | changes))


def test_good_request_passes() -> None:
    assert processing_job() is None


def test_pattern_is_for_the_whole_value_and_in_awss_words() -> None:
    assert processing_job(ProcessingJobName="run_1") == (
        "ValidationException",
        "1 validation error detected: Value 'run_1' at 'processingJobName' failed to satisfy "
        f"constraint: Member must satisfy regular expression pattern: {JOB_NAME}",
    )
    assert processing_job(ProcessingJobName="run-1\n") is not None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"ProcessingJobName": None},
            "Value null at 'processingJobName' failed to satisfy constraint: "
            "Member must not be null",
        ),
        (
            {"RoleArn": "short"},
            "Value 'short' at 'roleArn' failed to satisfy constraint: "
            "Member must have length greater than or equal to 20",
        ),
        (
            {"StoppingCondition": {"MaxRuntimeInSeconds": 0}},
            "Value '0' at 'stoppingCondition.maxRuntimeInSeconds' failed to satisfy constraint: "
            "Member must have value greater than or equal to 1",
        ),
        (
            {"ProcessingInputs": [{"InputName": "a", "S3Input": {"S3DataType": "S3Prefix"}}]},
            "Value null at 'processingInputs.1.member.s3Input.s3Uri' failed to satisfy "
            "constraint: Member must not be null",
        ),
        (
            {"ExperimentConfig": {"ExperimentName": "a b"}},
            "Value 'a b' at 'experimentConfig.experimentName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: "
            "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,119}",
        ),
        (
            {"AppSpecification": {"ImageUri": "i", "ContainerEntrypoint": []}},
            "Value '[]' at 'appSpecification.containerEntrypoint' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1",
        ),
        (
            {"AppSpecification": {"ImageUri": "i", "ContainerArguments": ["x" * 257]}},
            f"Value '[{'x' * 257}]' at 'appSpecification.containerArguments' failed to satisfy "
            "constraint: Member must satisfy constraint: [Member must have length less than or "
            "equal to 256, Member must have length greater than or equal to 0, "
            "Member must satisfy regular expression pattern: .*]",
        ),
        (
            {"Environment": {"a-b": "c"}},
            "Value '{a-b=c}' at 'environment' failed to satisfy constraint: Map keys must "
            "satisfy constraint: [Member must have length less than or equal to 256, "
            "Member must have length greater than or equal to 0, "
            "Member must satisfy regular expression pattern: [a-zA-Z_][a-zA-Z0-9_]*]",
        ),
    ],
)
def test_each_constraint_in_awss_words(change: dict[str, Any], said: str) -> None:
    found = processing_job(**change)
    assert found is not None
    assert found[0] == "ValidationException"
    assert said in found[1]


def test_enum_lists_what_there_is() -> None:
    inputs = [{"InputName": "a", "S3Input": {"S3Uri": "s3://b/c", "S3DataType": "Folder"}}]
    found = processing_job(ProcessingInputs=inputs)
    assert found is not None
    assert "Member must satisfy enum value set: [ManifestFile, S3Prefix]" in found[1]


def test_all_problems_are_told_at_once() -> None:
    found = processing_job(ProcessingJobName="a_b", RoleArn=None)
    assert found is not None
    assert found[1].startswith("2 validation errors detected: Value")
    assert found[1].count("failed to satisfy constraint") == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ProcessingJobName": 1}, "NUMBER_VALUE can not be converted to a String"),
        ({"ProcessingJobName": True}, "TRUE_VALUE can not be converted to a String"),
        ({"ProcessingJobName": []}, "Start of list found where not expected"),
        ({"ProcessingInputs": "a"}, "Unexpected field type"),
        ({"Tags": {}}, "Start of structure or map found where not expected."),
        (
            {"StoppingCondition": {"MaxRuntimeInSeconds": "3600"}},
            "STRING_VALUE can not be converted to an Integer",
        ),
        (
            {"StoppingCondition": {"MaxRuntimeInSeconds": True}},
            "TRUE_VALUE can not be converted to an Integer",
        ),
    ],
)
def test_wrong_json_type(change: dict[str, Any], said: str) -> None:
    assert processing_job(**change) == ("SerializationException", said)


def test_null_is_as_if_it_was_not_there() -> None:
    assert processing_job(ProcessingInputs=None, NetworkConfig=None, Environment=None) is None


def test_unknown_members_pass_and_are_found() -> None:
    assert processing_job(Comment="new in AWS") is None
    shape = operation("sagemaker", "CreateProcessingJob").input_shape
    assert shape is not None
    request = {"Comment": 1, "Tags": [{"Key": "a", "Value": "b", "Colour": "c"}]}
    assert list(unknown_members(shape, request)) == ["Comment", "Tags.Colour"]


def test_sensitive_value_is_not_repeated() -> None:
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:m"
    found = problem("stepfunctions", "StartExecution", stateMachineArn=arn, input="x" * 262_145)
    assert found == (
        "ValidationException",
        "1 validation error detected: Value at 'input' failed to satisfy constraint: "
        "Member must have length less than or equal to 262144",
    )


def test_each_service_has_its_error_code() -> None:
    found = problem("logs", "CreateLogGroup", logGroupName="a b")
    assert found is not None
    assert found[0] == "InvalidParameterException"


def test_what_is_not_json() -> None:
    found = problem_with(operation("sagemaker", "ListTags"), "{", "ValidationException")
    assert found is not None
    assert found[0] == "SerializationException"


def test_payloads_are_not_looked_into() -> None:
    assert problem_with(operation("lambda", "Invoke"), "no json", "ValidationException") is None


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (r"[\p{L}\p{M}\p{Z}\p{S}\p{N}\p{P}]*", ["", "größe", "数 1 +€!"], ["\n", "a\x00"]),
        (r"([\p{L}\p{Z}\p{N}_.:\/=+\-@]*)${1,128}", ["a b/c:1=+-@", "é"], ["{}", '"', "a\n"]),
        (r"arn:[\p{Alnum}\-]+:lambda:.*", ["arn:aws:lambda:x"], ["arn:a_b:lambda:x"]),
        (r"\p{ASCII}*", ["", "abc\n"], ["é"]),
        (r"[\w-_]*", ["a-b_c"], ["a.b"]),
        (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*", ["a\t😀"], ["\n"]),
        (r"^ab$", ["ab"], ["ab\n", "xab"]),
        (r"\d+", ["12"], ["١٢"]),
    ],
)
def test_javas_patterns(pattern: str, good: list[str], bad: list[str]) -> None:
    for value in good:
        assert matches(pattern, value), value
    for value in bad:
        assert not matches(pattern, value), value


def test_pattern_that_cannot_be_translated_lets_all_pass() -> None:
    assert matches(r"\p{Weird}", "anything")
    assert matches(r"(unclosed", "anything")


@pytest.mark.parametrize("service", CHECKED_SERVICES)
def test_every_pattern_of_the_checked_services_is_understood(service: str) -> None:
    shapes = (model(service).shape_for(name) for name in model(service).shape_names)
    patterns = {shape.metadata["pattern"] for shape in shapes if "pattern" in shape.metadata}
    assert patterns
    assert [pattern for pattern in patterns if _compile(pattern) is None] == []


@given(st.lists(st.from_regex(r"-{0,3}[a-zA-Z0-9]", fullmatch=True), min_size=1, max_size=15))
def test_every_good_name_passes(parts: list[str]) -> None:
    name = "".join(parts).lstrip("-")
    assert processing_job(ProcessingJobName=name) is None


@given(st.text(max_size=80))
def test_verdict_on_a_name_is_the_patterns(name: str) -> None:
    good = re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", name) and len(name) <= 63
    assert (processing_job(ProcessingJobName=name) is None) == bool(good)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(PROCESSING_JOB)), JSON)
def test_no_request_breaks_the_check(member: str, value: Any) -> None:
    found = processing_job(**{member: value})
    assert found is None or found[0] in ("ValidationException", "SerializationException")


def example(shape: Shape, depth: int = 0) -> Any:
    """Return a value that boto3 accepts and AWS would too, as far as the shape tells."""
    if shape.type_name == "structure":
        required = shape.required_members if depth < 8 else []
        return {name: example(shape.members[name], depth + 1) for name in required}
    if shape.type_name == "list":
        return [example(shape.member, depth + 1) for _ in range(shape.metadata.get("min", 0))]
    if isinstance(shape, StringShape):
        return shape.enum[0] if shape.enum else "a" * max(1, shape.metadata.get("min", 1))
    if isinstance(shape, MapShape):
        keys = [example(shape.key)] if shape.metadata.get("min") else []
        return {key: example(shape.value, depth + 1) for key in keys}
    simple = {"boolean": True, "timestamp": 0, "blob": ""}
    return simple.get(shape.type_name, max(1, shape.metadata.get("min", 1)))


def test_shape_of_every_sagemaker_operation_can_be_walked() -> None:
    for name in model("sagemaker").operation_names:
        shape = operation("sagemaker", name).input_shape
        if shape is not None:
            told = list(violations(shape, example(shape)))
            assert all("regular expression" in sentence for sentence in told), (name, told)
