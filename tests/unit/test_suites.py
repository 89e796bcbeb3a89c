"""The suites that `make test` leaves out name nothing of the product that is gone."""

import ast
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.paths import PRODUCT, PROJECT

SUITES = [
    path
    for suite in ("browser", "e2e", "faults", "fuzz", "privileges", "support", "fakes")
    for path in sorted((PROJECT / "tests" / suite).rglob("*.py"))
]
SUITES += sorted((PROJECT / "docs").rglob("*.py"))


@pytest.mark.parametrize("path", SUITES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_what_a_suite_imports_is_there(path: Path) -> None:
    assert not list(_gone(ast.parse(path.read_text(encoding="utf-8"))))


@pytest.mark.parametrize(
    "code",
    ["from state_machine.names import NOTHING", "from cli.nowhere import main", "import lambdas.x"],
)
def test_the_check_itself_can_fail(code: str) -> None:
    assert list(_gone(ast.parse(code)))


def _gone(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if _is_ours(a.name) and not _is_module(a.name))
        elif isinstance(node, ast.ImportFrom) and _is_ours(node.module):
            yield from _gone_from(str(node.module), [alias.name for alias in node.names])


def _gone_from(module: str, names: list[str]) -> Iterator[str]:
    if not _is_module(module):
        yield module
        return
    found = vars(import_module(module))
    yield from (
        f"{module}.{name}"
        for name in names
        if name not in found and not _is_module(f"{module}.{name}")
    )


def _is_ours(module: str | None) -> bool:
    return str(module).split(".")[0] in PRODUCT


def _is_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # of what it would be a part of
        return False
