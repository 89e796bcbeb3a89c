"""In processes of their own, as modules that are imported stay so."""

import subprocess
import sys
from pathlib import Path

from tests.support.paths import PROJECT

HEAVY = ("moto.ec2", "moto.batch", "aws_xray_sdk")
START = """
import sys
from pathlib import Path
from local_aws.server.server import Server
server = Server(Path(sys.argv[1]), region="us-east-1")
server.start()
"""


def said(script: str, folder: Path) -> str:
    command = [sys.executable, "-c", START + script, str(folder)]
    return subprocess.run(
        command, cwd=PROJECT, check=True, capture_output=True, text=True
    ).stdout.strip()


def test_a_server_starts_without_what_it_hardly_ever_needs(tmp_path: Path) -> None:
    loaded = f"print([name for name in {HEAVY} if name in sys.modules])\nserver.stop()"

    assert said(loaded, tmp_path) == "[]"


def test_the_tasks_of_batch_are_those_of_moto(tmp_path: Path) -> None:
    tasks = """
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_factory as factory,
)
first, second = (factory.state_task_service_for("batch") for _ in range(2))
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_batch as module,
)
print(type(first) is type(second) is module.StateTaskServiceBatch)
server.stop()
"""

    assert said(tasks, tmp_path) == "True"
