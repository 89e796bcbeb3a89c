"""Processing jobs through boto3: inputs, the command, outputs, and every way to end."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.client import EmbeddedAws
from tests.functional.sagemaker_requests import Account, unique
from tests.support.gate import Gate
from tests.support.waiting import eventually

BASE = "$SAGEMAKER_BASE_DIR"


@pytest.fixture(scope="module")
def account(embedded_aws: EmbeddedAws) -> Account:
    return Account(embedded_aws)


def run(account: Account, script: str, **options: Any) -> Any:
    """Run a processing job to its end; return its description."""
    name = options.pop("name", None) or unique("process")
    account.sagemaker.create_processing_job(**account.processing(name, script, **options))
    return account.ended_processing(name)


def test_a_prefix_comes_in_and_a_folder_goes_out(account: Account) -> None:
    account.put("data/a.txt", "first")
    account.put("data/deep/b.txt", "second")
    account.put("data/deep/", "")

    job = run(
        account,
        f"cp -r {BASE}/processing/in/. {BASE}/processing/out",
        inputs={"in": account.uri("data")},
        outputs={"out": account.uri("copied/")},
    )

    assert job["ProcessingJobStatus"] == "Completed"
    assert account.keys("copied/") == ["copied/a.txt", "copied/deep/b.txt"]
    assert account.get("copied/deep/b.txt") == b"second"
    assert job["CreationTime"] <= job["ProcessingStartTime"] <= job["ProcessingEndTime"]
    assert "FailureReason" not in job


def test_a_whole_key_comes_in_as_one_file(account: Account) -> None:
    account.put("one/model.tar.gz", "weights")

    job = run(
        account,
        f"test $(ls {BASE}/processing/model) = model.tar.gz",
        inputs={"model": account.uri("one/model.tar.gz")},
    )

    assert job["ProcessingJobStatus"] == "Completed"


def test_the_configuration_files_say_what_was_asked_for(account: Account) -> None:
    name = unique("configured")
    job = run(
        account,
        f"cp {BASE}/config/*.json {BASE}/processing/out",
        name=name,
        outputs={"out": account.uri("config")},
    )

    assert job["ProcessingJobStatus"] == "Completed"
    assert name.encode() in account.get("config/processingjobconfig.json")
    assert b'"current_host": "algo-1"' in account.get("config/resourceconfig.json")


def test_a_command_may_name_paths_as_in_the_container(account: Account) -> None:
    request = account.processing(
        unique("mounted"), "echo $1 > $2", outputs={"out": account.uri("mounted")}
    )
    request["AppSpecification"]["ContainerArguments"] = [
        "argument",
        "/opt/ml/processing/out/result.txt",
    ]

    account.sagemaker.create_processing_job(**request)

    job = account.ended_processing(request["ProcessingJobName"])
    assert job["ProcessingJobStatus"] == "Completed"
    assert account.get("mounted/result.txt") == b"argument\n"


def test_a_job_sees_only_what_aws_would_give_it(account: Account) -> None:
    name = unique("environment")
    checks = """
        echo $(env | cut -d= -f1 | sort)
        python -c 'import numpy, sagemaker_training; print("packages are there")'
        python -c 'import local_aws' 2>&1 | tail -1
    """
    run(account, checks, name=name, Environment={"REQUESTED": "yes"})

    names, packages, source = account.job_log(name).splitlines()
    assert names.split() == [
        *("AWS_ACCESS_KEY_ID", "AWS_DATA_PATH", "AWS_DEFAULT_REGION"),
        *("AWS_DISABLE_HOST_PREFIX_INJECTION", "AWS_ENDPOINT_URL", "AWS_REGION"),
        *("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "HOME", "LANG", "PATH"),
        *("PIP_DISABLE_PIP_VERSION_CHECK", "PIP_PREFIX", "PROCESSING_JOB_ARN"),
        *("PROCESSING_JOB_NAME", "PWD", "PYTHONPATH"),
        *("PYTHONUNBUFFERED", "REQUESTED", "SAGEMAKER_ADMIN_CONFIG_OVERRIDE"),
        *("SAGEMAKER_BASE_DIR", "SAGEMAKER_USER_CONFIG_OVERRIDE", "SHLVL", "TMPDIR", "_"),
    ]
    assert packages == "packages are there"
    assert source == "ModuleNotFoundError: No module named 'local_aws'"


def test_pip_takes_what_is_installed_and_leaves_it_alone(account: Account) -> None:
    name = unique("pip")
    # The package of another version would replace the installed one if pip could reach it.
    script = """
        mkdir -p numpy/numpy && cd numpy
        echo 'from setuptools import setup; setup(name="numpy", version="0.1",
                                                   packages=["numpy"])' > setup.py
        touch numpy/__init__.py
        echo 'numpy' > requirements.txt
        python -m pip install --no-index -r requirements.txt
        python -m pip install --no-index --no-deps --no-build-isolation .
        cd /; python -c 'import numpy; print(numpy.__file__)'
    """
    job = run(account, script, name=name)

    log = account.job_log(name)
    assert job["ProcessingJobStatus"] == "Completed", log
    assert "Requirement already satisfied: numpy" in log
    assert log.splitlines()[-1].startswith("/root/.packages/")
    import numpy as np  # noqa: PLC0415 (still there, in the version that it was)

    assert np.__version__ != "0.1"


def test_an_input_without_objects_fails_the_job(account: Account) -> None:
    job = run(account, "true", inputs={"in": account.uri("nothing/here")})

    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: Failed to download data.")
    assert account.uri("nothing/here") in job["FailureReason"]


def test_the_exit_code_decides_and_the_message_tells(account: Account) -> None:
    job = run(
        account,
        f"touch {BASE}/processing/out/partial; "
        f"printf 'labels.gz: %02000d' 7 > {BASE}/output/message; exit 3",
        outputs={"out": account.uri("failed")},
    )

    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: See job logs for more information"
    assert job["ExitMessage"].startswith("labels.gz: 000")
    assert len(job["ExitMessage"]) == 1024
    assert account.keys("failed") == []


def test_a_message_is_cut_between_characters_and_must_be_text(account: Account) -> None:
    cut = run(
        account,
        f"printf 'a%.0s' $(seq 1023) > {BASE}/output/message; printf 'é' >> {BASE}/output/message",
    )
    binary = run(account, f"printf '\\xff\\xfe' > {BASE}/output/message")

    assert cut["ExitMessage"] == "a" * 1023
    assert binary["ProcessingJobStatus"] == "Failed"
    assert binary["FailureReason"].startswith("ClientError:")


def test_a_command_that_does_not_exist_fails_the_job(account: Account) -> None:
    name = unique("missing")
    request = account.processing(name, "")
    request["AppSpecification"]["ContainerEntrypoint"] = ["no-such-command"]

    account.sagemaker.create_processing_job(**request)

    assert account.ended_processing(name)["ProcessingJobStatus"] == "Failed"
    assert "no-such-command" in account.job_log(name)


def test_the_log_grows_while_the_job_runs(account: Account) -> None:
    name = unique("logged")
    gate = Gate()
    script = f"echo first; {gate.shell}; echo second; echo; echo end"
    account.sagemaker.create_processing_job(**account.processing(name, script))

    group = "/aws/sagemaker/ProcessingJobs"
    eventually(lambda: account.job_log(name) == "first\n")
    eventually(lambda: account.log_events(group, name) == ["first"])
    gate.open()

    account.ended_processing(name)
    assert account.job_log(name) == "first\nsecond\n\nend\n"
    assert account.log_events(group, name) == ["first", "second", "end"]


def test_a_job_that_is_stopped_gets_sigterm_and_is_stopped(account: Account) -> None:
    name = unique("stopped")
    script = "trap 'echo terminated; exit 0' TERM; echo ready; while true; do sleep 0.05; done"
    account.sagemaker.create_processing_job(**account.processing(name, script))
    eventually(lambda: "ready" in account.job_log(name))

    account.sagemaker.stop_processing_job(ProcessingJobName=name)

    assert account.ended_processing(name)["ProcessingJobStatus"] == "Stopped"
    assert "terminated" in account.job_log(name)
    with pytest.raises(ClientError, match="is in status Stopped"):
        account.sagemaker.stop_processing_job(ProcessingJobName=name)
    assert account.ended_processing(name)["ProcessingJobStatus"] == "Stopped"


def test_a_job_over_its_time_is_stopped(account: Account) -> None:
    job = run(account, "sleep 60", StoppingCondition={"MaxRuntimeInSeconds": 1})

    assert job["ProcessingJobStatus"] == "Stopped"


def test_a_name_is_taken_for_ever(account: Account) -> None:
    name = unique("once")
    request = account.processing(name, "true")
    account.sagemaker.create_processing_job(**request)
    account.ended_processing(name)

    with pytest.raises(ClientError, match="name already exists") as refused:
        account.sagemaker.create_processing_job(**request)

    assert refused.value.response["Error"]["Code"] == "ResourceInUse"


def test_an_unknown_job_is_a_validation_exception(account: Account) -> None:
    for action in (
        account.sagemaker.describe_processing_job,
        account.sagemaker.stop_processing_job,
    ):
        with pytest.raises(ClientError, match="Requested resource not found") as refused:
            action(ProcessingJobName=unique("unknown"))
        assert refused.value.response["Error"]["Code"] == "ValidationException"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"S3DataType": "ManifestFile"}, "ManifestFile"),
        ({"S3InputMode": "Pipe"}, "Pipe"),
        ({"LocalPath": "/etc"}, "/etc"),
        ({"LocalPath": "/opt/ml/../../etc"}, "etc"),
    ],
)
def test_what_cannot_be_run_is_refused_at_once(
    account: Account, change: dict[str, str], words: str
) -> None:
    request = account.processing(unique("refused"), "true", inputs={"in": account.uri("data")})
    request["ProcessingInputs"][1]["S3Input"] |= change

    with pytest.raises(ClientError, match=words) as refused:
        account.sagemaker.create_processing_job(**request)

    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_a_key_that_climbs_out_of_the_folder_fails_the_job(account: Account) -> None:
    account.put("climb/../../escaped", "x")

    job = run(account, "true", inputs={"in": account.uri("climb/")})

    assert job["ProcessingJobStatus"] == "Failed"
    assert "escaped" in job["FailureReason"]


def test_jobs_are_listed_by_name_status_and_time(account: Account) -> None:
    prefix = unique("listed")
    for number in range(3):
        account.sagemaker.create_processing_job(
            **account.processing(f"{prefix}-{number}", f"exit {number % 2}")
        )
        account.ended_processing(f"{prefix}-{number}")

    pages = account.sagemaker.get_paginator("list_processing_jobs").paginate(
        NameContains=prefix, SortOrder="Descending", PaginationConfig={"PageSize": 2}
    )
    names = [job["ProcessingJobName"] for page in pages for job in page["ProcessingJobSummaries"]]
    failed = account.sagemaker.list_processing_jobs(NameContains=prefix, StatusEquals="Failed")

    assert names == [f"{prefix}-2", f"{prefix}-1", f"{prefix}-0"]
    assert [job["ProcessingJobName"] for job in failed["ProcessingJobSummaries"]] == [f"{prefix}-1"]
    assert not account.sagemaker.list_processing_jobs(
        NameContains=prefix,
        CreationTimeAfter=account.ended_processing(f"{prefix}-2")["ProcessingEndTime"],
    )["ProcessingJobSummaries"]


def test_nothing_that_a_job_started_outlives_it(account: Account) -> None:
    name = unique("orphan")
    run(account, "sleep 300 & echo $!", name=name)

    orphan = int(account.job_log(name))

    def gone() -> bool:
        try:
            with open(f"/proc/{orphan}/cmdline", "rb") as file:  # noqa: PTH123
                return b"sleep" not in file.read()
        except FileNotFoundError:
            return True

    eventually(gone)


def pipes(aws: EmbeddedAws) -> int:
    """How many pipes the server has open."""
    found = 0
    for link in Path(f"/proc/{aws.pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found += str(link.readlink()).startswith("pipe:")
    return found


def test_jobs_that_have_ended_leave_nothing_open(
    account: Account, embedded_aws: EmbeddedAws
) -> None:
    run(account, "true")
    before = pipes(embedded_aws)

    for _ in range(3):
        run(account, "true")

    eventually(lambda: pipes(embedded_aws) <= before)
