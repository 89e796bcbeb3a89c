"""Jobs and Lambdas in namespaces: scripts as they are written for AWS, with its literal paths."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_aws.client import EmbeddedAws
from tests.faults.leaks import job_processes
from tests.functional.conftest import Deploy, zipped
from tests.functional.sagemaker_requests import (
    Account,
    archive,
    channel,
    training,
    unique,
    unpacked,
)
from tests.support.machines import open_folder, unprivileged
from tests.support.paths import PROJECT
from tests.support.roles import ROLE
from tests.support.waiting import eventually

# The folder and the file that a script makes by their literal paths, on a host that it asks for.
PROCESS = """
import json, os, socket
config = json.load(open("/opt/ml/config/resourceconfig.json"))
print([socket.gethostbyname(host).startswith("127.") for host in config["hosts"]])
text = open("/opt/ml/processing/in/text.txt").read()
os.makedirs("/opt/ml/processing/out/made", exist_ok=True)
open(f"/opt/ml/processing/out/made/{config['current_host']}", "w").write(text.upper())
"""
TRAIN = """
import json, os
config = json.load(open("/opt/ml/input/config/resourceconfig.json"))
os.makedirs("/opt/ml/checkpoints", exist_ok=True)
open("/opt/ml/checkpoints/last", "w").write("saved")
open(f"/opt/ml/model/{config['current_host']}", "w").write(
    open("/opt/ml/input/data/train/text.txt").read()
)
"""
FUNCTION = """
import os
def handler(event, context):
    with open("/tmp/scratch", "w") as file:
        file.write("x" * 1000)
    if event == "fail":
        raise ValueError("as on AWS")
    return [__file__, os.getcwd(), os.environ["LAMBDA_TASK_ROOT"], os.path.exists(event)]
"""


@pytest.fixture(scope="module")
def account(embedded_aws: EmbeddedAws) -> Account:
    return Account(embedded_aws)


@pytest.fixture(scope="module")
def account_of_nobody() -> Iterator[Account]:
    with open_folder() as folder, unprivileged(folder) as aws:
        yield Account(aws)


@pytest.fixture(params=["account", "account_of_nobody"])
def anybody(request: pytest.FixtureRequest) -> Any:
    """The account of whoever runs the tests, root perhaps, and that of a user who is not root."""
    return request.getfixturevalue(request.param)


def processed(account: Account, count: int) -> tuple[Any, str]:
    """Process on so many hosts; return the job's description and the prefix of its output."""
    name = unique("literal")
    source = account.put(f"{name}/in/text.txt", "text")
    request = account.processing(
        name,
        "exec python /opt/ml/processing/script/run.py",
        inputs={"in": source, "script": account.put(f"{name}/script/run.py", PROCESS)},
        outputs={"out": account.uri(f"{name}/out")},
    )
    request["ProcessingResources"]["ClusterConfig"]["InstanceCount"] = count
    account.sagemaker.create_processing_job(**request)
    return account.ended_processing(name), f"{name}/out"


@pytest.mark.parametrize("count", [1, 2])
def test_a_processing_script_names_opt_ml(anybody: Account, count: int) -> None:
    job, prefix = processed(anybody, count)

    assert job["ProcessingJobStatus"] == "Completed", anybody.job_log(job["ProcessingJobName"])
    made = [f"{prefix}/made/algo-{number}" for number in range(1, count + 1)]
    assert anybody.keys(prefix) == made
    assert {anybody.get(key) for key in made} == {b"TEXT"}
    assert not Path("/opt/ml/processing").exists()


@pytest.mark.parametrize("count", [1, 2])
def test_a_training_script_names_opt_ml(anybody: Account, count: int) -> None:
    name = unique("literal")
    source = anybody.put(f"{name}/sourcedir.tar.gz", archive({"train.py": TRAIN}))
    request = training(
        name,
        anybody.uri("models"),
        InputDataConfig=[channel("train", anybody.put(f"{name}/text.txt", "text"))],
        CheckpointConfig={"S3Uri": anybody.uri(f"{name}/checkpoints")},
        HyperParameters={"sagemaker_program": "train.py", "sagemaker_submit_directory": source},
    )
    request["ResourceConfig"]["InstanceCount"] = count
    anybody.sagemaker.create_training_job(**request)

    job = anybody.ended_training(name)

    assert job["TrainingJobStatus"] == "Completed", job
    packed = unpacked(anybody.get(f"models/{name}/output/model.tar.gz"))
    assert packed == {f"algo-{number}": b"text" for number in range(1, count + 1)}
    assert anybody.get(f"{name}/checkpoints/last") == b"saved"


def test_a_job_sees_nothing_of_its_user_and_writes_nowhere_else(anybody: Account) -> None:
    name = unique("sees")
    folder = anybody.aws.data_folder
    script = f"""
        for path in {folder} {PROJECT}/pyproject.toml {PROJECT}/local_aws ~/.aws; do
            ! test -e $path || echo "sees $path"
        done
        for path in / /usr /etc /var /opt /home /opt/image; do
            ! touch $path/written 2> /dev/null || echo "writes $path"
        done
        for path in /opt/ml /tmp ~ /dev/shm; do touch $path/written || echo "not $path"; done
        test -z "$(ls -A /home)" || echo "sees homes"
        ! umount /root 2> /dev/null || echo "undoes mounts"
        ! unshare --user --map-root-user --mount umount /root 2> /dev/null || echo "undoes mounts"
        echo of $(ps -A -o comm= | sort | uniq | xargs), process $$
    """
    anybody.sagemaker.create_processing_job(**anybody.processing(name, script))

    job = anybody.ended_processing(name)

    assert job["ProcessingJobStatus"] == "Completed"
    log = anybody.job_log(name)
    assert log.startswith("of "), log
    assert log.endswith(", process 2\n")


def test_a_job_ends_with_all_that_it_started(anybody: Account) -> None:
    name = unique("daemon")
    script = "setsid setsid sleep 600 > /dev/null 2>&1 & echo ready; sleep 0.1; exit 3"
    anybody.sagemaker.create_processing_job(**anybody.processing(name, script))

    assert anybody.ended_processing(name)["ProcessingJobStatus"] == "Failed"
    assert job_processes(anybody.aws.data_folder / "jobs" / name) == []


def test_a_container_whose_supervisor_is_killed_ends(account: Account) -> None:
    name = unique("orphan")
    request = account.processing(name, "setsid sleep 600 & echo ready; sleep 600")
    account.sagemaker.create_processing_job(**request)
    folder = account.aws.data_folder / "jobs" / name
    eventually(lambda: account.job_log(name))
    running = job_processes(folder)
    assert len(running) >= 4

    running[0].kill()

    assert account.ended_processing(name)["ProcessingJobStatus"] == "Failed"
    eventually(lambda: not any(process.is_running() for process in running))


def test_a_function_lies_in_var_task(embedded_aws: EmbeddedAws, deploy: Deploy) -> None:
    name = deploy(FUNCTION)

    def answer(event: str) -> Any:
        invoked = embedded_aws.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
        return json.load(invoked["Payload"])

    seen = str(embedded_aws.data_folder)
    assert answer(seen) == ["/var/task/app.py", "/var/task", "/var/task", False]
    assert 'File "/var/task/app.py", line 7, in handler' in answer("fail")["stackTrace"][0]


def test_a_function_runs_for_a_user_who_is_not_root(account_of_nobody: Account) -> None:
    client = account_of_nobody.aws.client("lambda")
    name = unique("function")
    client.create_function(
        FunctionName=name,
        Runtime="python3.11",
        Role=ROLE,
        Handler="app.handler",
        Code={"ZipFile": zipped(app=FUNCTION)},
    )

    answer = json.load(client.invoke(FunctionName=name, Payload=json.dumps("/root/x"))["Payload"])

    assert answer == ["/var/task/app.py", "/var/task", "/var/task", False]


def test_no_mount_is_left(account: Account) -> None:
    before = Path("/proc/self/mounts").read_text()
    processed(account, 1)
    assert Path("/proc/self/mounts").read_text() == before


ASK = """
import boto3

def account():
    sts = boto3.client("sts", endpoint_url="https://sts.us-east-1.amazonaws.com")
    return sts.get_caller_identity()["Account"]
"""


def test_a_program_that_names_an_endpoint_of_aws_asks_this_one_from_inside_too(
    account: Account, deploy: Deploy
) -> None:
    function = deploy(f"{ASK}\ndef handler(event, context):\n    return account()\n")
    name = unique("ask")
    script = f"cat > ask.py <<'END'\n{ASK}\nprint('account', account())\nEND\npython ask.py"
    account.sagemaker.create_processing_job(**account.processing(name, script))

    assert account.ended_processing(name)["ProcessingJobStatus"] == "Completed"
    assert f"account {ROLE.split(':')[4]}" in account.job_log(name)
    answer = account.aws.client("lambda").invoke(FunctionName=function)
    assert json.load(answer["Payload"]) == ROLE.split(":")[4]
