"""What Chalice makes of app.py and .chalice: names, triggers, settings, and nothing at import."""

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest
from chalice.config import Config
from chalice.deploy import models
from chalice.deploy.appgraph import ApplicationGraphBuilder

ROOT = Path(__file__).parents[3]
BUCKET = "retrain-dev-123456789012-us-east-1"
FUNCTIONS = {"on_upload", "start_retraining", "prepare_run", "check_metrics"}


@pytest.fixture
def app(monkeypatch) -> ModuleType:
    """Import app.py with the one variable that it reads at import."""
    monkeypatch.setenv("RETRAIN_BUCKET", BUCKET)
    spec = importlib.util.spec_from_file_location("app", ROOT / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def resources(app) -> list[models.Model]:
    """Return what Chalice would deploy to the stage "dev"."""
    settings = json.loads((ROOT / ".chalice" / "config.json").read_text())
    config = Config(
        chalice_stage="dev",
        user_provided_params={"chalice_app": app.app, "project_dir": str(ROOT)},
        config_from_disk=settings,
    )
    return ApplicationGraphBuilder().build(config, "dev").resources


def functions(resources: list[models.Model]) -> dict[str, models.LambdaFunction]:
    found = [resource for resource in resources if isinstance(resource, models.LambdaFunction)]
    triggers = [r for r in resources if isinstance(r, models.S3BucketNotification)]
    return {f.resource_name: f for f in [*found, *(t.lambda_function for t in triggers)]}


def test_functions_are_named_after_application_stage_and_handler(resources):
    found = functions(resources)
    assert found.keys() == FUNCTIONS
    for name, function in found.items():
        assert function.function_name == f"retrain-dev-{name}"
        assert function.handler == f"app.{name}"
        assert function.timeout >= 60
        assert function.memory_size == 512


def test_uploads_are_the_only_trigger(resources):
    (trigger,) = [r for r in resources if isinstance(r, models.S3BucketNotification)]
    assert trigger.bucket == BUCKET
    assert trigger.events == ["s3:ObjectCreated:*"]
    assert (trigger.prefix, trigger.suffix) == ("raw_data/", None)
    assert trigger.lambda_function.resource_name == "on_upload"


def test_the_policy_is_the_file(resources):
    for function in functions(resources).values():
        assert isinstance(function.role, models.ManagedIAMRole)
        assert isinstance(function.role.policy, models.FileBasedIAMPolicy)
        assert Path(function.role.policy.filename).name == "policy-dev.json"


def test_importing_builds_no_client(app):
    assert app.client.cache_info().currsize == 0


def test_the_configuration_holds_no_account_number():
    for file in (ROOT / ".chalice").glob("*.json"):
        assert not re.search(r"\d{12}", file.read_text()), file
