"""A server that ends before it answers: the starter says how."""

import subprocess
import sys
from pathlib import Path

import pytest

from local_aws.client import EmbeddedAws, EmbeddedAwsError, _read_endpoint


def test_one_that_is_killed_at_its_start_is_told_by_its_exit_code(tmp_path: Path) -> None:
    (tmp_path / "server.out").touch()
    with (
        subprocess.Popen(
            [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"], stdout=subprocess.PIPE
        ) as killed,
        pytest.raises(EmbeddedAwsError, match="its process ended with code -9"),
    ):
        _read_endpoint(killed, tmp_path)


def test_one_that_refuses_its_arguments_is_told_by_what_it_printed(tmp_path: Path) -> None:
    with (
        pytest.raises(EmbeddedAwsError, match="argument --port: invalid int value"),
        EmbeddedAws(tmp_path, arguments=("--port", "x")),
    ):
        pass
