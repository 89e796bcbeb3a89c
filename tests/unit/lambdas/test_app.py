"""What Chalice makes of app.py and .chalice: names, triggers, settings, and nothing at import."""

import importlib.util
import json
import re
from types import ModuleType

import boto3
import pytest
from chalice.config import Config
from chalice.deploy import models
from chalice.deploy.appgraph import ApplicationGraphBuilder

from lambdas.on_upload import EVENTS
from state_machine.config import PipelineConfig, Schedule, load
from state_machine.deployment.functions import environment
from state_machine.deployment.stage import StageDeployment
from state_machine.functions.catalogue import wanted
from state_machine.names import Names
from tests.support.paths import PROJECT

NAMES = Names("retrain", "dev", "123456789012", "us-east-1")


@pytest.fixture
def pipeline() -> PipelineConfig:
    return load(PROJECT / "pipeline.toml")


@pytest.fixture
def app(monkeypatch, pipeline) -> ModuleType:
    """Import app.py with the variables that a deployment sets."""
    return import_app(monkeypatch, pipeline)


@pytest.fixture
def resources(app) -> list[models.Model]:
    """Return what Chalice would deploy to the stage "dev"."""
    return resources_of(app)


def import_app(monkeypatch, pipeline: PipelineConfig) -> ModuleType:
    for name, value in environment(pipeline, NAMES).items():
        monkeypatch.setenv(name, value)
    spec = importlib.util.spec_from_file_location("app", PROJECT / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def resources_of(app: ModuleType) -> list[models.Model]:
    session = boto3.Session(region_name=NAMES.region)
    stage = StageDeployment(load(PROJECT / "pipeline.toml"), NAMES, session, PROJECT)
    config = Config(
        chalice_stage="dev",
        user_provided_params={"chalice_app": app.app, "project_dir": str(PROJECT)},
        config_from_disk=stage.app.staged_settings(),
    )
    return ApplicationGraphBuilder().build(config, "dev").resources


def functions(resources: list[models.Model]) -> dict[str, models.LambdaFunction]:
    found = [resource for resource in resources if isinstance(resource, models.LambdaFunction)]
    triggers = [r.lambda_function for r in resources if hasattr(r, "lambda_function")]
    return {function.resource_name: function for function in [*found, *triggers]}


def test_functions_are_named_after_application_stage_and_handler(resources):
    found = functions(resources)
    rows = {each.name: each for each in wanted(load(PROJECT / "pipeline.toml"))}
    assert found.keys() == rows.keys()
    for name, function in found.items():
        assert function.function_name == f"retrain-dev-{name}"
        assert function.handler == f"app.{name}"
        assert function.timeout == rows[name].timeout_seconds >= 60
        assert function.memory_size == rows[name].memory_mb == 512


def test_uploads_trigger(resources):
    (trigger,) = [r for r in resources if isinstance(r, models.S3BucketNotification)]
    assert trigger.bucket == NAMES.bucket
    assert trigger.events == EVENTS
    assert {"s3:ObjectCreated:*", "s3:ObjectRemoved:*"} < set(EVENTS)
    assert (trigger.prefix, trigger.suffix) == ("raw_data/", None)
    assert trigger.lambda_function.resource_name == "on_upload"


def test_messages_of_the_topic_trigger(resources):
    (trigger,) = [r for r in resources if isinstance(r, models.SNSLambdaSubscription)]
    assert trigger.topic == NAMES.topic_arn("retrain")
    assert trigger.lambda_function.resource_name == "on_request"


def event_rule(resources, function: str) -> models.CloudWatchEvent:
    (trigger,) = [
        resource
        for resource in resources
        if isinstance(resource, models.CloudWatchEvent)
        and resource.lambda_function.resource_name == function
    ]
    assert trigger.rule_name == NAMES.rule(function)
    return trigger


def test_executions_that_end_without_success_are_announced(resources):
    trigger = event_rule(resources, "announce")
    assert json.loads(trigger.event_pattern) == {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {
            "stateMachineArn": [NAMES.state_machine_arn],
            "status": ["FAILED", "TIMED_OUT", "ABORTED"],
        },
    }


def test_model_packages_of_the_group_are_announced(resources, pipeline, event):
    pattern = json.loads(event_rule(resources, "announce_approval").event_pattern)
    group = NAMES.model_package_group(pipeline.registry.model_package_group)
    assert pattern["detail"]["ModelPackageGroupName"] == [group]
    package = event("model_package_changed")
    package["detail"]["ModelPackageGroupName"] = group
    assert matches(package, pattern)
    assert not matches(event("execution_failed"), pattern)


def matches(event: dict, pattern: dict) -> bool:
    """Say whether EventBridge would match, by a pattern of plain values."""
    return all(
        matches(event.get(name, {}), allowed)
        if isinstance(allowed, dict)
        else event.get(name) in allowed
        for name, allowed in pattern.items()
    )


def test_the_schedule_is_deployed_only_where_it_is_enabled(monkeypatch, pipeline, resources):
    assert not [r for r in resources if isinstance(r, models.ScheduledEvent)]
    schedule = Schedule(enabled=True, expression="cron(0 4 ? * MON *)")
    enabled = pipeline.model_copy(update={"schedule": schedule})
    (trigger,) = [
        resource
        for resource in resources_of(import_app(monkeypatch, enabled))
        if isinstance(resource, models.ScheduledEvent)
    ]
    assert trigger.schedule_expression == "cron(0 4 ? * MON *)"
    assert trigger.rule_name == NAMES.rule("on_schedule")
    assert trigger.lambda_function.function_name == NAMES.function("on_schedule")
    assert trigger.lambda_function.timeout >= 60


def test_each_function_has_a_role_of_its_own(resources):
    for name, function in functions(resources).items():
        assert isinstance(function.role, models.PreCreatedIAMRole)
        assert function.role.role_arn == NAMES.role_arn(name)


def test_importing_builds_no_client(app):
    assert app.client.cache_info().currsize == 0


def test_the_configuration_holds_no_account_number():
    for file in (PROJECT / ".chalice").glob("*.json"):
        assert not re.search(r"\d{12}", file.read_text()), file
