"""The life of a stage while AWS answers with what was, and carries out later what it is told."""

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from cli.served.demo import sample_config
from cli.shown.plan import told
from local_aws.client import EmbeddedAws
from operations.data_sets.upload import upload
from operations.executions.observer import executions, new_execution
from operations.stage import Stage, stage_of
from state_machine import config
from state_machine.config import PipelineConfig
from state_machine.deployment import stage
from state_machine.deployment.resource import Action
from state_machine.deployment.roles import POLICY_NAME
from state_machine.deployment.stage import StageDeployment
from tests.e2e.pipeline import Pipeline
from tests.faults import light
from tests.functional.faults import Faults
from tests.support.paths import PROJECT
from tests.support.roles import deny, policy

SECONDS = {"stale": 2.0, "propagation": 3.0, "lasting": 2.0}
EVENT_SECONDS = 30.0
UNTIL_AFTER_THE_UPLOAD = 40.0  # on a busy machine too, and sooner than a state gives up


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    """A server of its own: whatever else asks it would get old answers too."""
    arguments = ("--lambda-retry-delays", "2,4", "--stop-grace-seconds", "1")
    with (
        EmbeddedAws(tmp_path_factory.mktemp("aws"), arguments=arguments) as aws,
        pytest.MonkeyPatch.context() as environment,
    ):
        for name, value in aws.environment().items():
            environment.setenv(name, value)
        yield aws


class Quiet:
    """Hears how an upload goes, and says nothing."""

    def say(self, text: str) -> None: ...
    def warn(self, text: str) -> None: ...
    def expect(self, text: str, size: int | None) -> None: ...
    def advance(self, moved: int) -> None: ...


class User:
    """Somebody with the one stage of a pipeline that makes one run at a time."""

    def __init__(self, aws: EmbeddedAws, name: str) -> None:
        self.stage: Stage = stage_of(settings(name), "dev", aws.session(), PROJECT)
        self.pipeline = Pipeline(aws, PROJECT)
        self.states = aws.client("stepfunctions")

    def there(self) -> StageDeployment:
        """The stage as each command sees it, with nothing known of earlier ones."""
        found = self.stage
        return StageDeployment(found.config, found.names, found.session, found.project)

    def deploy(self) -> None:
        """A plan made after that finds nothing to do."""
        assert stage.apply(self.there().plan(), lambda _: None) == []
        assert self.changes() == []
        self.pipeline.deployment = self.there().deployment

    def changes(self) -> list[str]:
        """What a deployment would do now."""
        return [told(step) for step in self.there().plan() if step.action is not Action.KEEP]

    def destroy(self) -> None:
        assert stage.apply(self.there().removal_plan(with_data=True), lambda _: None) == []
        assert [each.name for each in self.there().resources() if each.exists()] == []

    def leave_the_jobs_out(self) -> None:
        """Let executions end when their runs are prepared, as long as this machine is there."""
        machine = self.stage.names.state_machine_arn
        found = self.states.describe_state_machine(stateMachineArn=machine)["definition"]
        definition = json.loads(found)
        definition["States"]["Preprocess"] = {"Type": "Pass", "End": True}
        self.states.update_state_machine(stateMachineArn=machine, definition=json.dumps(definition))

    def take_rights_away(self, *purposes: str) -> None:
        """As somebody might by hand: the next deployment puts the policies of these roles back."""
        for purpose in purposes:
            self.stage.client("iam").put_role_policy(
                RoleName=self.stage.names.role(purpose),
                PolicyName=POLICY_NAME,
                PolicyDocument=policy(deny("*")),
            )

    def upload(self, digits: Path, *datasets: str) -> list[str]:
        """Upload it under each name at once; return the ARNs of the executions that this starts."""
        machine = self.stage.names.state_machine_arn
        known = executions(self.states, machine)
        for dataset in datasets:
            assert upload(self.stage, digits, dataset, Quiet()).incomplete == ""
            assert "null" not in self.versions(f"raw_data/{dataset}/")
        started: list[str] = []
        for _ in datasets:
            new = new_execution(self.states, machine, [*known, *started], EVENT_SECONDS)
            assert new
            started.append(new)
        return started

    def versions(self, prefix: str) -> set[str]:
        found = self.pipeline.s3.list_object_versions(Bucket=self.stage.names.bucket, Prefix=prefix)
        return {version["VersionId"] for version in found["Versions"]}

    def span(self, execution: str) -> tuple[datetime, datetime]:
        """Return when a run had its turn, and when it had succeeded."""
        ended = self.pipeline.end_of(execution)
        assert ended["status"] == "SUCCEEDED", ended
        pages = self.states.get_paginator("get_execution_history").paginate(executionArn=execution)
        (turn, *_) = (
            event["timestamp"]
            for page in pages
            for event in page["events"]
            if event.get("stateEnteredEventDetails", {}).get("name") == "PrepareRun"
        )
        return turn, ended["stopDate"]


def settings(name: str) -> PipelineConfig:
    lightly = light.settings(sample_config(config.load(PROJECT / "pipeline.toml")))
    registry = lightly.registry.model_copy(update={"model_package_group": name})
    return lightly.model_copy(update={"name": name, "max_concurrent_runs": 1, "registry": registry})


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", SECONDS)
def test_a_stage_is_deployed_used_destroyed_and_deployed_again(
    server: EmbeddedAws, faults: Faults, digits: Path, kind: str
) -> None:
    """In one round only: nothing is left to chance here."""
    user = User(server, kind)
    faults.set({"call": "*/*", "kind": kind, "seconds": SECONDS[kind]})

    user.deploy()
    user.leave_the_jobs_out()
    spans = sorted(map(user.span, user.upload(digits, "left", "right")))
    assert len(spans) == 2
    assert all(ended <= begun for (_, ended), (begun, _) in pairwise(spans))
    user.destroy()
    user.deploy()
    (execution,) = user.upload(digits, "again")
    assert user.span(execution)


@pytest.mark.timeout(900)
def test_an_upload_right_after_rights_were_given_runs_to_its_end(
    server: EmbeddedAws, faults: Faults, digits: Path
) -> None:
    user = User(server, "rights")
    user.deploy()
    user.take_rights_away("take_turn", "prepare_run")
    policies = {"call": "iam/PutRolePolicy", "kind": "propagation"}
    faults.set({**policies, "seconds": UNTIL_AFTER_THE_UPLOAD})

    user.deploy()
    (execution,) = user.upload(digits, "digits")

    assert user.span(execution)
    assert any("AccessDenied" in failure for failure in user.pipeline.failures(execution))
