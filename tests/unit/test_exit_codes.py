"""No child process whose exit code nobody looks at: what failed would be taken for done."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import PROJECT, product_sources

SOURCES = product_sources()
# Where it is right all the same, and why.
ALLOWED = {
    "local_aws/client.py": {
        "subprocess.Popen() without its exit code",  # handed on, to who reads the endpoint
        "process.wait() without its result",  # of a server that was told to end
    },
    "local_aws/processes/child.py": {
        "subprocess.Popen() without its exit code",  # the Process hands the code on
        "process.wait() without its result",  # of a child that was killed
    },
    "local_aws/awslambda/environment.py": {
        "self._process.wait() without its result",  # of an environment that was killed
    },
    "local_aws/__main__.py": {"os.execve() by another name"},  # becomes it, and has its exit code
    "local_aws/processes/leash.py": {"os.execvp() by another name"},  # the same, under a supervisor
}
CHECKED = {"check_call", "check_output"}
BY_RESULT = {"run", "call", "Popen"}
# What hands out an exit code: `returncode` of subprocess, and what gives it.
TELLS = {"returncode", "wait", "poll", "communicate"}
WAITS = {"wait", "poll"}
PROCESSES = ("process", "supervisor", "server", "child")
OTHER_WAYS = ("os.exec", "os.popen", "os.posix_spawn", "os.spawn", "os.system", "pty.spawn")
STARTS = {"child.start", "processes.run"}


def _problems(tree: ast.Module) -> Iterator[str]:
    for scope in _scopes(tree):
        nodes = list(_own_nodes(scope))
        dropped = {
            id(each.value)
            for each in nodes
            if isinstance(each, ast.Expr) and isinstance(each.value, ast.Call)
        }
        told = {each.attr for each in nodes if isinstance(each, ast.Attribute)}
        for node in nodes:
            if isinstance(node, ast.ImportFrom) and node.module in {"subprocess", "asyncio"}:
                names = {alias.name for alias in node.names}
                started = names & (BY_RESULT | CHECKED | {"create_subprocess_exec"})
                yield from (f"import of {node.module}.{name}" for name in sorted(started))
            if isinstance(node, ast.Call):
                yield from _lost(node, told, is_dropped=id(node) in dropped)


def _lost(call: ast.Call, told: set[str], *, is_dropped: bool) -> Iterator[str]:
    name = ast.unparse(call.func)
    module, _, last = name.rpartition(".")
    if name.startswith(OTHER_WAYS) or last.startswith("create_subprocess"):
        yield f"{name}() by another name"
    if module == "subprocess" and last in BY_RESULT and not _is_checked(call):
        is_call = last == "call" and not is_dropped
        if is_dropped or not (is_call or told & TELLS):
            yield f"{name}() without its exit code"
    if is_dropped and name in STARTS - {"processes.run"}:
        yield f"{name}() without its result"
    is_process = module.rpartition(".")[2].strip("_").endswith(PROCESSES)
    if is_dropped and last in WAITS and is_process:
        yield f"{name}() without its result"


def _is_checked(call: ast.Call) -> bool:
    given = {each.arg: each.value for each in call.keywords}
    check = given.get("check")
    return isinstance(check, ast.Constant) and check.value is True


def _scopes(tree: ast.Module) -> Iterator[ast.AST]:
    yield tree
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield node


def _own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """Every node of a function but those of functions inside of it."""
    waiting = list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_exit_code_is_looked_at(path: Path) -> None:
    found = set(_problems(ast.parse(path.read_text(encoding="utf-8"))))
    assert found == ALLOWED.get(str(path.relative_to(PROJECT)), set())


@pytest.mark.parametrize(
    "code",
    [
        "subprocess.run(command)",
        "subprocess.run(command, check=False)",
        "done = subprocess.run(command, check=False)\nprint(done.stdout)",
        "subprocess.call(command)",
        "subprocess.Popen(command)",
        "server = subprocess.Popen(command)\nprint(server.pid)",
        "process.wait()",
        "self._process.wait(5)",
        "child.start(command)",
        "os.spawnv(os.P_NOWAIT, 'x', [])",
        "os.posix_spawn('x', [], {})",
        "from subprocess import run",
        "await asyncio.create_subprocess_exec('x')",
        "def f():\n    subprocess.run(command)\ndef g():\n    print(x.returncode)",
    ],
)
def test_the_check_itself_can_fail(code: str) -> None:
    assert list(_problems(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        "subprocess.run(command, check=True)",
        "subprocess.check_call(command)",
        "done = subprocess.run(command, check=False)\nif done.returncode: raise Failed",
        "sys.exit(subprocess.call(command))",
        "with subprocess.Popen(command) as x:\n    if x.wait(): raise Failed",
    ],
)
def test_what_is_looked_at_passes(code: str) -> None:
    assert not list(_problems(ast.parse(code)))
