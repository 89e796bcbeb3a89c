"""What `retrain doctor` asks IAM for is what a deployment does, no less and no more."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.doctor_permissions import ACTIONS
from local_aws.client import EmbeddedAws

PROJECT = Path(__file__).parents[2]
DEPLOY = [sys.executable, "-c", "from cli.main import app; app()", "deploy"]
# IAM's names of services, where they are not the lower-case service id.
PREFIXES = {"EventBridge": "events", "SFN": "states"}
# IAM's names of actions, where they are not the operation's:
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
RENAMED = {
    "s3:GetBucketNotificationConfiguration": "s3:GetBucketNotification",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:PutBucketNotificationConfiguration": "s3:PutBucketNotification",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
}
# Nobody is refused the first; the second is no call, but what passing a role to a service needs.
UNASKED, NO_CALL = "sts:GetCallerIdentity", "iam:PassRole"


class Monitor:
    """Hears of every call that botocore makes in a process with these variables.

    Client-side monitoring, as botocore.monitoring has it: a datagram for each call.
    """

    def __init__(self) -> None:
        self.actions: set[str] = set()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.variables = {
            "AWS_CSM_ENABLED": "true",
            "AWS_CSM_HOST": "127.0.0.1",
            "AWS_CSM_PORT": str(self._socket.getsockname()[1]),
        }

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen while the block runs, and to what was said before its end."""
        thread = threading.Thread(target=self._listen)
        thread.start()
        try:
            yield
        finally:
            self._socket.sendto(b"null", self._socket.getsockname())
            thread.join()
            self._socket.close()

    def _listen(self) -> None:
        while (message := json.loads(self._socket.recv(65536))) is not None:
            if message["Type"] == "ApiCall":
                service = PREFIXES.get(message["Service"], message["Service"].lower())
                action = f"{service}:{message['Api']}"
                self.actions.add(RENAMED.get(action, action))


def test_a_deployment_and_its_repetition_do_what_the_doctor_asks_iam_for(tmp_path: Path) -> None:
    monitor = Monitor()
    with EmbeddedAws(tmp_path) as aws, monitor.listening():
        others = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        environment = others | aws.environment() | monitor.variables
        for _ in range(2):
            subprocess.run(DEPLOY, cwd=PROJECT, env=environment, check=True)

    asked = {action for actions in ACTIONS.values() for action in actions}
    assert monitor.actions - {UNASKED} - asked == set(), "add them in cli/doctor_permissions.py"
    assert asked - {NO_CALL} - monitor.actions == set(), "no deployment needs them"
