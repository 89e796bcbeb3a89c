"""A function that is deployed and killed again and again leaves a bounded number of files."""

import json

from local_aws.awslambda.leftovers import KEPT_CODE, KEPT_LOGS, LOGS
from local_aws.client import EmbeddedAws
from tests.functional.conftest import Deploy, zipped

RETURNS = "def handler(event, context):\n    return {}\n"
EXITS = "import os\ndef handler(event, context):\n    os._exit(1)\n"


def test_code_and_logs(embedded_aws: EmbeddedAws, deploy: Deploy) -> None:
    client, name = embedded_aws.client("lambda"), deploy(RETURNS.format(0))
    first = client.publish_version(FunctionName=name)["Version"]
    for number in range(1, KEPT_CODE + 3):
        client.update_function_code(
            FunctionName=name, ZipFile=zipped(app=RETURNS.format(number), n=f"n = {number}")
        )
        answer = client.invoke(FunctionName=name)
        assert json.load(answer["Payload"]) == number
    # The code of a version may have been removed: it is unpacked again.
    assert json.load(client.invoke(FunctionName=name, Qualifier=first)["Payload"]) == 0
    client.update_function_code(FunctionName=name, ZipFile=zipped(app=EXITS))
    for _ in range(KEPT_LOGS + 3):
        client.invoke(FunctionName=name)
    folder = embedded_aws.data_folder / "lambdas" / name
    unused_and_warm = KEPT_CODE + 2  # the version's environment may be warm still
    assert len([path for path in folder.iterdir() if path.name != LOGS]) <= unused_and_warm
    assert len(list((folder / LOGS).iterdir())) <= KEPT_LOGS + 2
