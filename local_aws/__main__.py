"""python -m local_aws: run the embedded AWS until it is told to end."""

import argparse
import json
import logging
import os
import signal
import sqlite3
import sys
import threading
from pathlib import Path

from local_aws.context import (
    LAMBDA_RETRY_DELAYS,
    STOP_GRACE_SECONDS,
    ServiceControlError,
)
from local_aws.credentials import without_secrets
from local_aws.server import ownership
from local_aws.server.server import PortTakenError, Server
from local_aws.state import folder
from local_aws.state.file import StateError

_log = logging.getLogger("local_aws")


def main() -> None:
    """Serve until SIGTERM, SIGINT or, with --stop-with-stdin, the end of standard input."""
    options = _parse()
    try:
        _serve(options)
    except (OSError, sqlite3.Error) as error:  # a full disk, say
        sys.exit(f"{options.data_folder}: {error}")


def _serve(options: argparse.Namespace) -> None:
    _leave_secrets_behind(options)
    os.umask(0o077)  # what is kept, and logged, is nobody else's
    try:
        folder.make_private(options.data_folder)
        ownership.claim(options.data_folder)
    except (folder.ForeignFolderError, ownership.AlreadyServedError) as error:
        sys.exit(str(error))
    _log_to(options.data_folder / "server.log", options.log_level)
    told_to_end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told_to_end.set())
    if options.stop_with_stdin:
        threading.Thread(target=_read_to_end, args=(told_to_end,), daemon=True).start()
    try:
        server = _start(options)
    except (StateError, PortTakenError, ServiceControlError) as error:
        sys.exit(str(error))
    context = server.context
    about = ownership.this_process(context.endpoint, options.region, context.no_containers)
    ownership.announce(options.data_folder, about)
    print(json.dumps({"endpoint": context.endpoint, "pid": os.getpid()}), flush=True)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # moto prints; nobody may read our stdout
    told_to_end.wait()
    ownership.withdraw(options.data_folder)
    server.stop()
    logging.shutdown()
    os._exit(0)  # moto's own threads may sit in a Wait state for days


def _leave_secrets_behind(options: argparse.Namespace) -> None:
    """Begin again with a clean environment, unless this is it.

    The region may have come from a variable that is left behind.
    """
    clean = without_secrets(os.environ)
    if clean != dict(os.environ):
        again = ["-m", "local_aws", *sys.argv[1:], "--region", options.region]
        os.execve(sys.executable, [sys.executable, *again], clean)  # noqa: S606


def _start(options: argparse.Namespace) -> Server:
    server = Server(
        options.data_folder,
        region=options.region,
        port=options.port,
        lambda_retry_delays=options.lambda_retry_delays,
        stop_grace_seconds=options.stop_grace_seconds,
        service_control=options.service_control_policy,
        writable=tuple(options.writable),
    )
    server.start()
    return server


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local_aws", description=__doc__)
    parser.add_argument(
        "--port", type=int, default=0, help="by default the folder's last one, or a free one"
    )
    parser.add_argument("--data-folder", type=Path, required=True, metavar="DIR")
    parser.add_argument("--region", default=os.environ.get("AWS_DEFAULT_REGION", "us-east-1"))
    parser.add_argument(
        "--stop-with-stdin", action="store_true", help="end when standard input ends"
    )
    parser.add_argument(
        "--lambda-retry-delays",
        type=_seconds,
        default=LAMBDA_RETRY_DELAYS,
        metavar="S,S",
        help="seconds before each retry of a failed asynchronous invocation (60,120)",
    )
    parser.add_argument(
        "--stop-grace-seconds",
        type=float,
        default=STOP_GRACE_SECONDS,
        metavar="S",
        help="between SIGTERM and SIGKILL for a job that is stopped (120)",
    )
    parser.add_argument(
        "--service-control-policy",
        type=Path,
        metavar="FILE",
        help="the organization's policy that the account is held to, as JSON (none)",
    )
    parser.add_argument(
        "--writable",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="a folder of this machine that jobs may write, at the same path (none); repeatable",
    )
    parser.add_argument("--log-level", default="INFO", help="of server.log (INFO)")
    return parser.parse_args()


def _seconds(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.split(",") if part)


def _log_to(path: Path, level: str) -> None:
    logging.basicConfig(
        filename=path,
        level=level,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    threading.excepthook = _log_thread_end
    logging.captureWarnings(True)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    logging.getLogger("botocore").setLevel(logging.WARNING)


def _log_thread_end(ended: threading.ExceptHookArgs) -> None:
    name = ended.thread.name if ended.thread else "?"
    problem = ended.exc_value or ended.exc_type()
    _log.error("thread %s ended by an exception", name, exc_info=problem)


def _read_to_end(told_to_end: threading.Event) -> None:
    # Not by sys.stdin: this thread would hold its lock, which Python wants when it ends.
    while os.read(0, 4096):
        pass
    told_to_end.set()


if __name__ == "__main__":
    main()
