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

import pytest

from local_aws.client import EmbeddedAws
from state_machine.deployment.stage import RIGHTS
from tests.support.paths import PROJECT

DEPLOY = [sys.executable, "-c", "from cli.main import app; app()", "deploy"]
# IAM's names of services, where they are not the lower-case service id.
PREFIXES = {"CloudWatch Logs": "logs", "EventBridge": "events", "SFN": "states"}
# IAM's names of actions, where they are not the operation's:
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
RENAMED = {
    "s3:GetBucketNotificationConfiguration": "s3:GetBucketNotification",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "s3:PutBucketNotificationConfiguration": "s3:PutBucketNotification",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
}
UNASKED = "sts:GetCallerIdentity"  # nobody is refused it
# Actions that are no calls, but what services ask of whoever calls them.
NO_CALL = {
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "iam:PassRole",
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "s3:TagResource",
}
RULES = """
[account]
permissions_boundary = "arn:aws:iam::aws:policy/PowerUserAccess"
tags = { team = "ml" }
kms_key = "arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-0000-4000-8000-0a1b2c3d4e5f"
subnets = ["subnet-1"]
security_group_ids = ["sg-1"]
"""


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


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[list[Path]]:
    """A pipeline.toml with a schedule, one with another hyperparameter, and that with rules."""
    given = (PROJECT / "pipeline.toml").read_text(encoding="utf-8")
    given = given.replace('["ml_scripts"]', '["../ml_scripts"]')
    scheduled = given.replace("enabled = false", "enabled = true", 1)
    changed = given.replace("epochs = 3", "epochs = 2")
    assert given not in (scheduled, changed)
    folder = PROJECT / ".retrain"
    folder.mkdir(exist_ok=True)
    files = [folder / f"{tmp_path.name}-{number}.toml" for number in (1, 2, 3)]
    for file, text in zip(files, (scheduled, changed, changed + RULES), strict=True):
        file.write_text(text, encoding="utf-8")
    yield files
    for file in files:
        file.unlink()


@pytest.mark.slow
def test_what_a_deployment_does_is_what_the_doctor_asks_iam_for(
    tmp_path: Path, settings: list[Path]
) -> None:
    monitor = Monitor()
    with EmbeddedAws(tmp_path / "aws") as aws, monitor.listening():
        others = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        environment = others | aws.environment() | monitor.variables
        for file in settings:
            command = [*DEPLOY, "--yes", "--config", str(file)]
            subprocess.run(command, cwd=PROJECT, env=environment, check=True)

    asked = {action for rights in RIGHTS for action in rights.actions}
    done = monitor.actions - {UNASKED}
    assert done <= asked, f"no RIGHTS of state_machine/deployment name {sorted(done - asked)}"
    assert asked >= NO_CALL
    assert asked - NO_CALL <= done, f"no deployment needs {sorted(asked - NO_CALL - done)}"
