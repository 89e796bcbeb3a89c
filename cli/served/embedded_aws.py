"""The embedded AWS as the command line uses it."""

import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cli.served import mlflow
from cli.shown.terminal import Terminal
from local_aws import client
from local_aws.client import Connection, EmbeddedAws, EmbeddedAwsError
from local_aws.server import ownership
from local_aws.shell import applied, exports
from local_aws.state.summary import DEAD_LETTERS, summary
from operations.errors import LocalAwsError, UnreachableError, translated
from state_machine.artifacts.work_folder import NAME, work_folder

_NO_CONTAINERS = (
    "Jobs run without containers, so nothing lies at /opt/ml: {why}. `retrain doctor` says how to "
    "allow them"
)
_WHAT_TO_DO = 'docs/embedded-aws.md, "What is kept"'
_COUNTED = {
    "s3-buckets": "buckets",
    "s3-keys": "keys",
    "executions": "executions",
    "jobs": "jobs",
}


def data_folder(project: Path) -> Path:
    """Where the embedded AWS of this project keeps its files."""
    return project / NAME / "aws"


@contextmanager
def own_aws(project: Path) -> Iterator[EmbeddedAws]:
    """An embedded AWS of this process's own, which ends with the block.

    Raises:
        LocalAwsError: it did not start, for example because another one runs in the project.
    """
    work_folder(project)
    with ExitStack() as stack:
        with _named():
            arguments = _writable(project)
            aws = stack.enter_context(EmbeddedAws(data_folder(project), arguments=arguments))
        yield aws


@contextmanager
def embedded_aws(project: Path) -> Iterator[Connection]:
    """An embedded AWS that this process, and what it starts, talks to while the block runs.

    One that runs in the background already is used and left as it is; else one is started and
    ended with the block.

    Raises:
        LocalAwsError: it did not start, or ended before the block did.
    """
    with ExitStack() as stack:
        aws = client.running(data_folder(project)) or stack.enter_context(own_aws(project))
        stack.enter_context(applied(aws.environment()))
        try:
            with translated():
                yield aws
        except UnreachableError as error:
            raise _gone(aws) from error


def serve(aws: Connection, terminal: Terminal, sleep: Callable[[float], None] = time.sleep) -> None:
    """Say how other programs reach the embedded AWS, and wait for Ctrl-C.

    Raises:
        LocalAwsError: it ended by itself.
    """
    try:
        terminal.line("# In another shell:", style="dim")
        for line in exports(aws.environment()):
            terminal.line(line)
        terminal.line("# Ctrl-C stops the embedded AWS.", style="dim")
        while aws.is_running():
            sleep(1)
    except KeyboardInterrupt:
        terminal.line("Stopping the embedded AWS")
    else:
        raise _gone(aws)


def _gone(aws: Connection) -> LocalAwsError:
    log = aws.data_folder / "server.log"
    return LocalAwsError("The embedded AWS answers no more", f"see why in {log}")


def start(project: Path, service_control: Path | None = None) -> tuple[Connection, bool]:
    """Start an embedded AWS in the background; return the way to it, and whether it is new.

    A new one holds its account to the service control policy in the file, if one is given.

    Raises:
        LocalAwsError: it did not start, or one that runs already was to get a policy.
    """
    there = client.running(data_folder(project))
    if there and service_control is not None:
        raise LocalAwsError(
            f"{there.endpoint}: the embedded AWS runs already, and gets its policy when it starts",
            "retrain local stop",
        )
    if there:
        return there, False
    path = () if service_control is None else (str(service_control.resolve()),)
    policy = ("--service-control-policy", *path) if path else ()
    with _named():
        work_folder(project)
        arguments = (*policy, *_writable(project))
        return client.start_in_background(data_folder(project), arguments=arguments), True


def _writable(project: Path) -> tuple[str, ...]:
    """Make the folder of MLflow's store, and let jobs write there: they see no other of the user's.

    https://mlflow.org/docs/latest/self-hosting/architecture/backend-store/
    """
    folder = mlflow.store(project).parent
    folder.mkdir(mode=0o700, exist_ok=True)
    return ("--writable", str(folder))


def stop(project: Path) -> bool:
    """Stop the embedded AWS of the project; return whether there was one.

    Raises:
        LocalAwsError: it would not end.
    """
    with _named():
        return client.stop_in_background(data_folder(project))


def connection(project: Path) -> Connection:
    """The way to the embedded AWS that runs.

    Raises:
        LocalAwsError: none runs.
    """
    aws = client.running(data_folder(project))
    if aws is None:
        raise LocalAwsError("No embedded AWS runs", "`retrain local start` starts one")
    return aws


def env(project: Path) -> list[str]:
    """Lines that point a shell's AWS tools at the embedded AWS that runs.

    Raises:
        LocalAwsError: none runs.
    """
    return exports(connection(project).environment())


def status(project: Path) -> dict[str, Any]:
    """What there is to know of the project's embedded AWS, running or not."""
    folder = data_folder(project)
    about = ownership.running(folder)
    known = asdict(about) if about else {}
    return {
        "running": about is not None,
        "data_folder": str(folder),
        "kept": summary(folder),
        **known,
    }


def kept_line(status: dict[str, Any]) -> str:
    """What `status` says is kept, in one line."""
    items: dict[str, int] = status["kept"]["items"]
    if not items:
        return f"Nothing is kept in {status['data_folder']}"
    counts = ", ".join(f"{items.get(part, 0)} {name}" for part, name in _COUNTED.items())
    megabytes = status["kept"]["bytes"] / 1e6
    return f"Kept in {status['data_folder']}: {counts}; {megabytes:.1f} MB"


def warnings(status: dict[str, Any]) -> list[str]:
    """What `status` says is set aside, and what ends with the server, one line for each."""
    aside = [
        f"Set aside, because this version cannot read it: {_named_item(each)}"
        for each in status["kept"]["set_aside"]
    ]
    lost = [
        f"Not kept, it ends with the server: {_named_item(each)}"
        for each in status["kept"]["not_kept"]
    ]
    letters = [
        f"{number} events were given up, the newest are in {status['data_folder']}/{DEAD_LETTERS}"
        for number in [status["kept"]["dead_letters"]]
        if number
    ]
    where = [f"What to do: {_WHAT_TO_DO}"] if aside or lost else []
    why = status.get("no_containers")
    contained = [_NO_CONTAINERS.format(why=why)] if why else []
    return [*aside, *lost, *where, *letters, *contained]


def without_containers(aws: Connection) -> list[str]:
    """One line, if jobs have no containers in this embedded AWS."""
    about = ownership.running(aws.data_folder)
    return [_NO_CONTAINERS.format(why=about.no_containers)] if about and about.no_containers else []


def _named_item(row: dict[str, str]) -> str:
    return f"{row['part']} {row['item']} ({row['why']})"


def reset(project: Path) -> bool:
    """Remove all that the embedded AWS keeps; return whether there was anything.

    Raises:
        LocalAwsError: it runs.
    """
    if ownership.is_claimed(data_folder(project)):
        raise LocalAwsError("The embedded AWS runs", "`retrain local stop` first")
    existed = data_folder(project).exists()
    shutil.rmtree(data_folder(project), ignore_errors=True)
    return existed


@contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except EmbeddedAwsError as error:
        raise LocalAwsError(str(error)) from error


def stop_on_sigterm() -> None:
    """Have SIGTERM end this process as Ctrl-C does, so that what it started is stopped."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
