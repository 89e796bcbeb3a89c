"""Executions that wait or run while other code is deployed go on with the code they began with."""

import shutil
from pathlib import Path

from cli.served.demo import sample_config
from operations.data_sets import digits
from state_machine import config
from state_machine.config import Code, PipelineConfig
from tests.e2e.pipeline import Pipeline, deployed
from tests.faults import light
from tests.support.gate import Gate
from tests.support.paths import PROJECT
from tests.support.waiting import eventually

# What the next release does in every state that invokes a Lambda.
NEXT_RELEASE = """

def _of_the_next_release(event, context):
    raise RuntimeError("this is the next release")


take_turn = prepare_run = check_metrics = approve_model = _of_the_next_release
"""


def one_at_a_time(gate: Gate, folder: Path) -> PipelineConfig:
    """The light pipeline's settings; its training waits at the gate."""
    settings = light.settings(sample_config(config.load(PROJECT / "pipeline.toml")))
    *scripts, class_means = settings.code.scripts
    waiting = shutil.copytree(class_means, folder)
    main = waiting / "main.py"
    wait = f"import socket\n    while not {gate.python}:\n        time.sleep(0.05)\n    "
    main.write_text(main.read_text().replace("    parser = ", f"    {wait}parser = ", 1))
    return settings.model_copy(
        update={"max_concurrent_runs": 1, "code": Code(scripts=[*scripts, waiting])}
    )


def next_release(folder: Path) -> Path:
    """A copy of what a deployment takes of the project, with other Lambdas."""
    shutil.copytree(PROJECT / "vendor", folder / "vendor")
    shutil.copytree(PROJECT / ".chalice", folder / ".chalice")
    shutil.copy(PROJECT / "requirements.txt", folder)
    (folder / "app.py").write_text((PROJECT / "app.py").read_text() + NEXT_RELEASE)
    return folder


def is_in(pipeline: Pipeline, execution_arn: str, state: str) -> bool:
    history = pipeline.states.get_execution_history(
        executionArn=execution_arn, reverseOrder=True, maxResults=20
    )["events"]
    entered = [one["stateEnteredEventDetails"]["name"] for one in history if is_entry(one)]
    return entered[:1] == [state]


def is_entry(event: object) -> bool:
    return isinstance(event, dict) and "stateEnteredEventDetails" in event


def test_one_that_waits_and_one_that_trains_end_as_they_began(tmp_path: Path) -> None:
    gate = Gate()
    settings = one_at_a_time(gate, tmp_path / "waiting")
    images = digits.write(tmp_path / "digits")
    with deployed(tmp_path / "aws", settings) as pipeline:
        training = light.upload(pipeline, images, "first")
        eventually(lambda: is_in(pipeline, training, "Train"))
        waiting = light.upload(pipeline, images, "second")
        eventually(lambda: is_in(pipeline, waiting, "WaitForTurn"))

        Pipeline(pipeline.aws, next_release(tmp_path / "next")).deploy(settings)
        gate.open()

        ends = [pipeline.end_of(training), pipeline.end_of(waiting)]
        assert [end["status"] for end in ends] == ["SUCCEEDED", "SUCCEEDED"], ends
        after = pipeline.end_of(light.upload(pipeline, images, "third"))
        assert after["status"] == "FAILED"
        assert "this is the next release" in after["cause"]
