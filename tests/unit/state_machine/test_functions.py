"""What the Lambdas are told, and which of them are deployed."""

import json
import threading
from pathlib import Path

import pytest

from state_machine.config import PipelineConfig, Schedule
from state_machine.functions import (
    ASYNCHRONOUS,
    alone_in,
    deployed_functions,
    environment,
    forget,
)
from state_machine.names import LAMBDAS, Names

NAMES = Names("retrain", "dev", "123456789012", "us-east-1")


def scheduled(pipeline: PipelineConfig, *, enabled: bool) -> PipelineConfig:
    schedule = Schedule(enabled=enabled, expression="rate(71 hours)")
    return pipeline.model_copy(update={"schedule": schedule})


@pytest.mark.parametrize("enabled", [True, False])
def test_an_enabled_schedule_reaches_the_lambdas_and_a_disabled_one_does_not(
    pipeline: PipelineConfig, enabled: bool
) -> None:
    config = scheduled(pipeline, enabled=enabled)

    expression = environment(config, NAMES).get("RETRAIN_SCHEDULE")

    assert expression == ("rate(71 hours)" if enabled else None)
    assert ("on_schedule" in deployed_functions(config)) is enabled
    assert set(LAMBDAS) <= set(deployed_functions(config))


def test_everything_is_told_as_text_that_a_variable_can_hold(pipeline: PipelineConfig) -> None:
    for name, value in environment(pipeline, NAMES).items():
        assert value, name


def test_the_state_machines_own_lambdas_answer_to_it_alone(pipeline: PipelineConfig) -> None:
    synchronous = set(deployed_functions(scheduled(pipeline, enabled=True))) - set(ASYNCHRONOUS)

    assert synchronous == {"take_turn", "prepare_run", "check_metrics"}


def test_chalice_forgets_one_function_and_its_rule(tmp_path: Path) -> None:
    memory = tmp_path / ".chalice" / "deployed" / "dev.json"
    memory.parent.mkdir(parents=True)
    names = ["role", "announce", "announce-event", "on_schedule", "on_schedule-event"]
    memory.write_text(json.dumps({"resources": [{"name": name} for name in names]}))

    forget(tmp_path, "dev", "on_schedule")

    left = json.loads(memory.read_text())["resources"]
    assert [resource["name"] for resource in left] == ["role", "announce", "announce-event"]


def test_chalice_that_deployed_nothing_yet_has_nothing_to_forget(tmp_path: Path) -> None:
    forget(tmp_path, "dev", "on_schedule")

    assert list(tmp_path.iterdir()) == []


def test_two_deployments_at_once_write_to_a_folder_one_after_the_other(tmp_path: Path) -> None:
    folder = tmp_path / "chalice" / "retrain-dev"
    order: list[str] = []

    def second() -> None:
        with alone_in(folder):
            order.append("second")

    with alone_in(folder):
        other = threading.Thread(target=second)
        other.start()
        other.join(0.2)  # however long it is given, it waits
        order.append("first")
    other.join()
    assert order == ["first", "second"]
