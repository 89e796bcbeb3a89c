import signal
import subprocess
from pathlib import Path

from local_aws import processes
from local_aws.sagemaker_job import terminate


def started(script: str, folder: Path) -> processes.Process:
    """Start a shell script and wait until it prints its first line."""
    process = processes.start(
        ["/bin/bash", "-c", script],
        env={"PATH": "/usr/bin:/bin"},
        cwd=folder,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def test_a_process_may_end_well_on_sigterm(tmp_path: Path) -> None:
    process = started("trap 'exit 5' TERM; echo ready; while true; do sleep 0.02; done", tmp_path)

    timer = terminate(process, grace_seconds=60)

    assert process.wait(10) == 5
    timer.cancel()


def test_a_process_that_ignores_sigterm_is_killed_after_its_time(tmp_path: Path) -> None:
    process = started("trap '' TERM; echo ready; while true; do sleep 0.02; done", tmp_path)

    terminate(process, grace_seconds=0.2)

    assert process.wait(10) == -signal.SIGKILL


def test_the_whole_group_gets_the_signal(tmp_path: Path) -> None:
    inner = "trap 'touch told; exit' TERM; echo ready; while :; do sleep 0.02; done"
    script = f'trap : TERM; bash -c "{inner}"; true'
    process = started(script, tmp_path)

    timer = terminate(process, grace_seconds=60)

    process.wait(10)
    assert (tmp_path / "told").exists()
    timer.cancel()
