"""What the Lambdas are told."""

import json

import pytest

from state_machine.config import PipelineConfig, Schedule
from state_machine.deployment.functions import environment
from state_machine.functions.catalogue import LAMBDAS
from state_machine.limits import NAMES_IN_IT
from state_machine.names import Names

NAMES = Names("retrain", "dev", "123456789012", "us-east-1")


@pytest.mark.parametrize("enabled", [True, False])
def test_an_enabled_schedule_reaches_the_lambdas_and_a_disabled_one_does_not(
    pipeline: PipelineConfig, enabled: bool
) -> None:
    schedule = Schedule(enabled=enabled, expression="rate(71 hours)")

    told = environment(pipeline.model_copy(update={"schedule": schedule}), NAMES)

    assert told.get("RETRAIN_SCHEDULE") == ("rate(71 hours)" if enabled else None)


def test_everything_is_told_as_text_that_a_variable_can_hold(pipeline: PipelineConfig) -> None:
    for name, value in environment(pipeline, NAMES).items():
        assert value, name


def test_the_longest_names_fit_into_the_room_that_settings_leave_them(
    pipeline: PipelineConfig,
) -> None:
    region = "ap-southeast-2"
    room = 64 - len(f"-announce_approval-{region}")  # of a role's name
    names = Names("n" * 20, "s" * (room - 21), "123456789012", region, "aws-us-gov")
    registry = pipeline.registry.model_copy(update={"model_package_group": "g" * 63})

    told = environment(pipeline.model_copy(update={"registry": registry}), names)

    assert len(json.dumps(told)) - len(json.dumps(pipeline.told_to_lambdas())) <= NAMES_IN_IT


def test_the_state_machines_own_lambdas_answer_to_it_alone() -> None:
    synchronous = {each.name for each in LAMBDAS if not each.asynchronous}

    assert synchronous == {"take_turn", "prepare_run", "check_metrics", "approve_model"}
