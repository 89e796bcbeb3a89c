"""What moto imports when it starts and a server hardly ever needs, which is half of its start.

Step Functions' tasks for Batch bring EC2 with all of its instance types; the mock of X-Ray's SDK,
which is for programs that have moto within them, asks botocore for a client.
"""

import sys
import threading
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

_TASKS = "moto.stepfunctions.parser.asl.component.state.exec.state_task.service"
BATCH_TASKS = f"{_TASKS}.state_task_service_batch"
XRAY_MOCK = "moto.xray.mock_client"

_importing = threading.Lock()


def postpone() -> None:
    """Put something light in the place of both, where moto has not imported them yet."""
    _stand_in(BATCH_TASKS, StateTaskServiceBatch=_batch_task)
    _stand_in(XRAY_MOCK, MockXrayClient=object, XRaySegment=object)


def _stand_in(name: str, **members: Any) -> None:
    module = ModuleType(name)
    vars(module).update(members)
    sys.modules.setdefault(name, module)


def _batch_task() -> Any:
    """Return the task as moto makes it."""
    with _importing:  # each request has its own thread
        module = _batch_tasks()
    return module.StateTaskServiceBatch()


@cache
def _batch_tasks() -> ModuleType:
    """Import the module: only now, for the first task."""
    del sys.modules[BATCH_TASKS]
    return import_module(BATCH_TASKS)
