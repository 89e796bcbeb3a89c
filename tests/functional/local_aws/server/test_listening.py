"""Whatever runs on this machine for the embedded AWS listens on loopback only."""

import psutil

from local_aws.client import EmbeddedAws
from tests.functional.conftest import zipped
from tests.functional.sagemaker_requests import Account
from tests.support.roles import ensure_role
from tests.support.waiting import eventually

WAITS = """
import boto3, time
def handler(event, context):
    boto3.client("s3").put_object(Bucket=event["bucket"], Key="lambda")
    time.sleep(event["seconds"])
"""


def _listening(process: psutil.Process) -> dict[str, set[str]]:
    """Addresses that a process and all below it listen on, by the name of the process."""
    found: dict[str, set[str]] = {}
    for each in [process, *process.children(recursive=True)]:
        for socket in each.net_connections("inet"):
            open_to_others = socket.status == psutil.CONN_LISTEN or (
                socket.type.name == "SOCK_DGRAM" and not socket.raddr
            )
            if open_to_others:
                found.setdefault(f"{each.name()} {each.pid}", set()).add(socket.laddr.ip)
    return found


def test_with_a_lambda_and_a_job_at_work(embedded_aws: EmbeddedAws) -> None:
    account = Account(embedded_aws)
    functions = embedded_aws.client("lambda")
    functions.create_function(
        FunctionName="listening",
        Runtime="python3.11",
        Role=ensure_role(embedded_aws),
        Handler="app.handler",
        Code={"ZipFile": zipped(app=WAITS)},
        Timeout=60,
    )
    server = psutil.Process(embedded_aws.pid)
    before = len(server.children(recursive=True))
    functions.invoke(
        FunctionName="listening",
        InvocationType="Event",
        Payload=f'{{"bucket": "{account.bucket}", "seconds": 20}}',
    )
    job = account.processing(
        "listening-job",
        "sleep 600",
    )
    account.sagemaker.create_processing_job(**job)
    eventually(lambda: account.keys("lambda"))
    at_work = eventually(
        lambda: [p for p in server.children(recursive=True) if p.name() == "sleep"], timeout=60
    )

    found = _listening(server)

    assert at_work
    assert len(server.children(recursive=True)) > before
    assert found
    assert set().union(*found.values()) == {"127.0.0.1"}, found
    account.sagemaker.stop_processing_job(ProcessingJobName="listening-job")
    account.ended_processing("listening-job")
