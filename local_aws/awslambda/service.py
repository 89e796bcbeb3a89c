"""Runs deployed functions: from their zip, in child processes, with their own settings."""

import logging
import platform
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from moto.awslambda.models import lambda_backends

from local_aws.awslambda import code, destinations
from local_aws.awslambda.answers import aliases
from local_aws.awslambda.asynchronous import (
    AsynchronousInvocations,
    QueuedEvent,
    ThrottledError,
    ZeroConcurrencyError,
)
from local_aws.awslambda.environment import ExecutionEnvironment, Limits, Outcome
from local_aws.awslambda.leftovers import LOGS, Leftovers
from local_aws.awslambda.logs import LogStream
from local_aws.awslambda.pool import Deployment, Pool
from local_aws.awslambda.runtime_api import Event
from local_aws.containers.containers import Box, memory, own, sdk_variables, shown
from local_aws.context import Context
from local_aws.iam import sessions
from local_aws.iam.sessions import Session
from local_aws.messaging.deliveries import find_function

_INSIDE = ("/var/task", "/var/runtime")  # where AWS has a function's code, and its runtime

_log = logging.getLogger(__name__)


class LambdaService:
    """Invokes functions, given as moto's LambdaFunction, for everything in the embedded AWS."""

    def __init__(self, context: Context) -> None:
        self._endpoint = context.endpoint
        self._sdk_variables = sdk_variables(context.containers, context.data_folder)
        self._folder = context.data_folder / "lambdas"
        self._runtime = code.link_runtime(context.data_folder / "lambda-runtime")
        self._containers = context.containers
        self._pool = Pool(self._start)
        self._queue = AsynchronousInvocations(
            context.lambda_retry_delays,
            invoke=self._attempt,
            conclude=partial(destinations.record, context.dead_letters),
            state=context.state,
        )
        self._leftovers = Leftovers()
        self._state = context.state
        self._state.after_restore(self._tidy)
        self._running: Counter[str] = Counter()
        self._lock = threading.Lock()

    def invoke(self, function: Any, event: Event) -> Outcome:
        """Run the function and wait for its outcome.

        Raises ThrottledError if its reserved concurrency is used up.
        """
        deployment = deployment_of(function)
        arn = {"Lambda-Runtime-Invoked-Function-Arn": function.function_arn}
        event = Event(event.request_id, event.payload, {**arn, **trace_header(), **event.headers})
        with self._counted(function), self._pool.borrow(deployment) as environment:
            return environment.invoke(event)

    def prepare(self, function: Any) -> None:
        """Start an environment of the function ahead of its invocation, unless one is idle."""
        if function.reserved_concurrency != 0:
            self._pool.prepare(deployment_of(function))

    def accept(self, function: Any, event: Event, arn: str = "") -> None:
        """Queue an asynchronous invocation of the function.

        At each attempt the function is the one that `arn` names then; it may name an alias.
        """
        self._queue.accept(
            QueuedEvent(
                function_arn=arn or function.function_arn,
                event=event,
                accepted=time.time(),
                max_retries=destinations.max_retries(function),
                max_age=destinations.max_age(function),
            )
        )

    def close(self) -> None:
        """Stop the queue and end the idle environments."""
        self._queue.close()
        self._pool.close()

    def _attempt(self, queued: QueuedEvent) -> Outcome:
        """Invoke; AWS does not wait with what a function of concurrency zero can hand on."""
        function = aliases.chosen(find_function(queued.function_arn), queued.function_arn)
        if function.reserved_concurrency == 0 and destinations.keeps_failures(function):
            raise ZeroConcurrencyError(function.function_name)
        return self.invoke(function, queued.event)

    @contextmanager
    def _counted(self, function: Any) -> Iterator[None]:
        name, limit = function.function_name, function.reserved_concurrency
        with self._lock:
            if limit is not None and self._running[name] >= int(limit):
                raise ThrottledError(name)
            self._running[name] += 1
        try:
            yield
        finally:
            with self._lock:
                self._running[name] -= 1
                if not self._running[name]:
                    del self._running[name]

    def _start(self, deployment: Deployment) -> ExecutionEnvironment:
        """Start a process for the deployment, the way AWS starts one."""
        _warn_of_other_python(deployment)
        folder = self._folder / deployment.name
        task_root = folder / deployment.code_sha256
        self._leftovers.use(task_root)  # before it is unpacked: it may be the oldest
        code.unpack(deployment.code, task_root, self._folder.glob(f"*/{deployment.code_sha256}"))
        # The name of the session is the function's:
        # https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
        session = sessions.issue(deployment.role, deployment.name)
        log = LogStream(
            session, deployment.region, deployment.name, deployment.version, folder / LOGS
        )
        self._leftovers.use(log.file)
        box = self._box(deployment, task_root)
        inside = _INSIDE if box else (str(task_root), str(self._runtime))
        return ExecutionEnvironment(
            code.command(*inside, deployment.handler),
            folder=task_root,
            box=box,
            variables=self._environment(deployment, session, *inside),
            version=deployment.version,
            limits=Limits(deployment.timeout, deployment.memory_mb),
            log=log,
            ended=partial(self._leftovers.release, (task_root, log.file)),
        )

    def _box(self, deployment: Deployment, task_root: Path) -> Box | None:
        """Return the container of an environment, None where namespaces are forbidden.

        Its /var/task can be written, which AWS's cannot: Python leaves its bytecode there, and the
        next environment need not compile an SDK again.
        """
        if self._containers is None:
            return None
        task, runtime = _INSIDE
        mounts = [
            memory("/tmp", deployment.storage_mb),  # noqa: S108 (its own)
            own(task_root, task),
            shown(self._runtime, runtime),
        ]
        return self._containers.box(mounts, task)

    def _environment(
        self, deployment: Deployment, session: Session, task_root: str, runtime: str
    ) -> dict[str, str]:
        return {
            **_variables(deployment),
            **session.variables(),
            "LAMBDA_TASK_ROOT": task_root,
            "LAMBDA_RUNTIME_DIR": runtime,
            **self._sdk_variables,
            "AWS_ENDPOINT_URL": self._endpoint,
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",  # there is no host `sync-127.0.0.1`
        }

    def _tidy(self) -> None:
        if self._state.whole:  # else the functions may be what is set aside
            self._leftovers.tidy(self._folder, _is_function)


def _is_function(name: str) -> bool:
    """Tell whether there is a function of this name, in whatever account and region."""
    return any(
        name in backend._lambdas._functions
        for regions in list(lambda_backends.values())
        for backend in list(regions.values())
    )


def deployment_of(function: Any) -> Deployment:
    """Return what decides how moto's LambdaFunction runs."""
    return Deployment(
        arn=function.function_arn,
        account=function.account_id,
        region=function.region,
        name=function.function_name,
        version=str(function.version),
        code_sha256=function.code_digest,
        handler=function.handler,
        runtime=function.run_time,
        role=function.role,
        timeout=int(function.timeout),
        memory_mb=int(function.memory_size),
        storage_mb=int(function.ephemeral_storage),
        variables=tuple(sorted(function.environment_vars.items())),
        code=function.code_bytes,
    )


def trace_header() -> dict[str, str]:
    """Return an X-Ray header as AWS sends one for an invocation that is not sampled."""
    root = f"1-{int(time.time()):08x}-{uuid4().hex[:24]}"
    trace = f"Root={root};Parent={uuid4().hex[:16]};Sampled=0"
    return {"Lambda-Runtime-Trace-Id": trace}


def _variables(deployment: Deployment) -> dict[str, str]:
    """https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"""
    return {
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "TZ": ":UTC",
        **dict(deployment.variables),
        "_HANDLER": deployment.handler,
        "AWS_REGION": deployment.region,
        "AWS_DEFAULT_REGION": deployment.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{_running_python()}",
        "AWS_LAMBDA_FUNCTION_NAME": deployment.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(deployment.memory_mb),
        "AWS_LAMBDA_FUNCTION_VERSION": deployment.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    }


def _running_python() -> str:
    return f"python{sys.version_info.major}.{sys.version_info.minor}"


def _warn_of_other_python(deployment: Deployment) -> None:
    if deployment.runtime != _running_python():
        _log.warning(
            "%s asks for %s and runs on Python %s",
            deployment.name,
            deployment.runtime,
            platform.python_version(),
        )
