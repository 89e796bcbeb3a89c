"""A shell that says all it can to lead calls of AWS elsewhere, and a server that is elsewhere."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CONFIG = """[default]
region = eu-central-1
endpoint_url = {elsewhere}
s3 =
    endpoint_url = {elsewhere}
[profile work]
services = elsewhere
role_arn = arn:aws:iam::999999999999:role/other
source_profile = default
[services elsewhere]
s3 =
    endpoint_url = {elsewhere}
sts =
    endpoint_url = {elsewhere}
"""
SERVICES = ("EVENTS", "IAM", "LAMBDA", "LOGS", "S3", "SAGEMAKER", "SFN", "SNS", "SQS", "STS")


class Elsewhere:
    """A server that must not be asked; it counts who comes, and answers nobody."""

    def __init__(self) -> None:
        self.visits = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        while True:
            try:
                self._socket.accept()[0].close()
            except OSError:
                return
            self.visits += 1

    def close(self) -> None:
        """Wake up who waits for a visit, and end."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@contextmanager
def elsewhere() -> Iterator[Elsewhere]:
    """Have such a server while the block runs; nobody may have come by its end."""
    server = Elsewhere()
    try:
        yield server
        assert server.visits == 0
    finally:
        server.close()


def hostile_variables(address: str, folder: Path) -> dict[str, str]:
    """Return variables that lead to `address`; their files are written into `folder`."""
    (folder / "hostile-config").write_text(CONFIG.format(elsewhere=address), encoding="utf-8")
    (folder / "no-bundle.pem").write_text("")
    proxies = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
    return {
        **{f"AWS_ENDPOINT_URL_{service}": address for service in SERVICES},
        **dict.fromkeys(proxies, address),
        "AWS_ENDPOINT_URL": address,
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "AWS_PROFILE": "work",
        "AWS_DEFAULT_PROFILE": "work",
        "AWS_CONFIG_FILE": str(folder / "hostile-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "hostile-config"),
        "AWS_SESSION_TOKEN": "of another account",
        "AWS_SECURITY_TOKEN": "of another account",
        "AWS_ROLE_ARN": "arn:aws:iam::999999999999:role/other",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": address,
        "AWS_CA_BUNDLE": str(folder / "no-bundle.pem"),
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_USE_DUALSTACK_ENDPOINT": "true",
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }
