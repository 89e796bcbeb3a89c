"""The access key of one embedded AWS, and the variables that point any AWS tool at it.

Each data folder has a random key of its own. Who cannot read the folder does not get in: not
another user of the machine, and not a web page that its owner looks at.
"""

import json
import os
import secrets
import string
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

ACCOUNT = "123456789012"
_FILE = "key.json"
_ALPHABET = string.ascii_uppercase + "234567"
_ID_LENGTH = 28  # 140 random bits: whoever names the id is believed
# What a server and its children need of the shell that starts them. The rest may be secret.
_OF_THE_SHELL = (
    "__CF_USER_TEXT_ENCODING",  # which macOS itself puts into every process
    "HOME",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "LOGNAME",
    "PATH",
    "PYTHONPATH",
    "SHELL",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TMPDIR",
    "TZ",
    "USER",
    "VIRTUAL_ENV",
)


@dataclass(frozen=True)
class Key:
    """An access key as AWS has them; neither part is in any representation of it."""

    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)


def make_key(data_folder: Path) -> Key:
    """Return the key of the folder, which gets one if it has none; only its owner can read it.

    A file that holds no key is replaced: nothing but this server knew what it held.
    """
    path = data_folder / _FILE
    if not _holds_a_key(path):
        key = Key(
            "AKIA" + "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH)),
            secrets.token_urlsafe(30),
        )
        partial = path.with_name(f"{_FILE}.partial")
        partial.unlink(missing_ok=True)
        with os.fdopen(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            json.dump(asdict(key), file)
        partial.replace(path)
    return read_key(data_folder)


def _holds_a_key(path: Path) -> bool:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return False
    names = {part.name for part in fields(Key)}
    return (
        isinstance(found, dict)
        and set(found) == names
        and all(isinstance(value, str) and value.isascii() and value for value in found.values())
    )


def read_key(data_folder: Path) -> Key:
    """Return the key of a folder that a server has been started in."""
    return Key(**json.loads((data_folder / _FILE).read_text(encoding="utf-8")))


def variables(endpoint: str, region: str, key: Key) -> dict[str, str]:
    """Return endpoint, region and key, with the user's profiles out of reach."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": key.access_key_id,
        "AWS_SECRET_ACCESS_KEY": key.secret_access_key,
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_CONFIG_FILE": os.devnull,  # a profile may name roles or endpoints
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        # Some operations are sent to `sync-` and the host: `sync-127.0.0.1` is no host.
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
    }


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what a server needs of a shell's variables, none of which is a secret.

    A child can read the environment that the server was started with, whatever the server has
    deleted of it since: https://man7.org/linux/man-pages/man5/proc_pid_environ.5.html
    """
    return {name: environment[name] for name in _OF_THE_SHELL if name in environment}
