import subprocess
from pathlib import Path

import pytest

from local_aws.sagemaker.container import Container, ContainerPathError, Runtime


@pytest.fixture
def container(tmp_path: Path) -> Container:
    return Container(tmp_path / "jobs" / "job", Runtime(tmp_path / "runtime"))


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ("/opt/ml/processing/code/process.sh", "{root}/opt/ml/processing/code/process.sh"),
        ("/opt/ml", "/opt/ml"),
        ("/opt/mlops", "/opt/mlops"),
        ("--folder=/opt/ml/x", "--folder=/opt/ml/x"),
        ("/bin/bash", "/bin/bash"),
    ],
)
def test_only_a_leading_opt_ml_is_replaced(
    container: Container, element: str, expected: str
) -> None:
    assert container.command([element]) == [expected.format(root=container.root)]


@pytest.mark.parametrize("path", ["/etc", "opt/ml", "/opt/ml/../x", "/opt/mlx", "", "/"])
def test_a_path_outside_of_opt_ml_is_refused(container: Container, path: str) -> None:
    with pytest.raises(ContainerPathError, match="/opt/ml"):
        container.path(path)


def test_a_new_job_finds_an_empty_folder_and_a_completed_one_leaves_its_log(
    container: Container,
) -> None:
    leftover = container.root / "opt" / "ml" / "model" / "old"
    leftover.parent.mkdir(parents=True)
    leftover.touch()

    container.create()
    (container.root / "job.log").touch()

    assert not leftover.exists()
    container.discard()
    assert [path.name for path in container.root.iterdir()] == ["job.log"]


def test_the_runtime_can_be_built_again_and_sees_the_installed_packages(tmp_path: Path) -> None:
    runtime = Runtime(tmp_path / "runtime")
    runtime.build()
    runtime.build()

    found = subprocess.run(
        [runtime.folder / "bin" / "python", "-c", "import boto3, sys; print(sys.prefix)"],
        env={"PATH": runtime.search_path},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert found.stdout.strip() == str(runtime.folder)
