"""How extensions wrap moto, and that none of them takes anything of moto's when it is imported."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_aws.wrapping import Original, replace, wrap
from tests.support.paths import PROJECT

SOURCES = sorted((PROJECT / "local_aws").rglob("*.py"))


class Greeter:
    def greet(self, name: str) -> str:
        return f"hello {name}"


def _loudly(original: Original, self: Any, name: str) -> str:
    return str(original(self, name)).upper()


def _twice(original: Original, self: Any, name: str) -> str:
    return f"{original(self, name)}, {original(self, name)}"


def test_a_wrapper_is_given_what_stood_there_and_the_last_one_is_called_first() -> None:
    class Own(Greeter):
        pass

    wrap(Own, "greet", _loudly)
    wrap(Own, "greet", _twice)
    assert Own().greet("you") == "HELLO YOU, HELLO YOU"
    assert Own.greet.__name__ == "greet"
    assert Greeter().greet("you") == "hello you"


def test_what_is_replaced_is_not_called() -> None:
    class Own(Greeter):
        pass

    replace(Own, greet=lambda _self, name: f"go away, {name}", patience=0)
    assert Own().greet("you") == "go away, you"
    assert vars(Own)["patience"] == 0


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_nothing_is_taken_of_motos_classes_when_a_module_is_imported(path: Path) -> None:
    assert not list(_taken(ast.parse(path.read_text(encoding="utf-8"))))


@pytest.mark.parametrize(
    "code",
    [
        "from moto.s3.responses import S3Response\n_moto_put = S3Response.put_object",
        "from moto.s3 import responses\n_moto_put = responses.S3Response.put_object",
        "from moto.s3.responses import S3Response\nS3Response.put_object = print",
        "import moto.s3\n_get = moto.s3.models.s3_backends.get_bucket",
        "from moto.x import f\n_Task: Any = f.Task\n_error = _Task._from_error",
        "from moto.x import Y\nclass Ours:\n    put = Y.put",
        "from moto.x import Y\nif Y:\n    put = Y.put",
    ],
)
def test_the_check_itself_can_fail(code: str) -> None:
    assert list(_taken(ast.parse(code)))


def _taken(tree: ast.Module) -> Iterator[str]:
    """Yield each lower-case attribute of what was imported of moto.

    Classes and constants may be named: no extension exchanges them.
    """
    imported = set(_imported(tree.body))
    for statement in _when_imported(tree.body):
        for node in _expressions(statement):
            if isinstance(node, ast.Attribute) and _is_a_function_of(node, imported):
                yield f"line {node.lineno}: {ast.unparse(node)}"


def _imported(body: list[ast.stmt]) -> Iterator[str]:
    """Yield the names of what was imported, and of what is only another name of it."""
    names: set[str] = set()
    for node in body:
        if isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] == "moto":
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            tops = {alias.asname or alias.name.split(".")[0] for alias in node.names}
            names |= tops & {"moto"}
        elif isinstance(node, ast.Assign | ast.AnnAssign) and _root(node.value) in names:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    yield from names


def _when_imported(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that run at import; the bodies of functions do not."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Import | ast.ImportFrom):
            continue
        inner = [each for each in ast.iter_child_nodes(node) if isinstance(each, ast.stmt)]
        if inner:
            yield from _when_imported(inner)
        else:
            yield node


def _expressions(statement: ast.stmt) -> Iterator[ast.AST]:
    """Yield what a statement evaluates: annotations are none of it."""
    skipped = {statement.annotation} if isinstance(statement, ast.AnnAssign) else set()
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.Lambda):
            waiting += [each for each in ast.iter_child_nodes(node) if each not in skipped]


def _is_a_function_of(node: ast.Attribute, imported: set[str]) -> bool:
    return _root(node) in imported and node.attr.lstrip("_")[:1].islower()


def _root(node: ast.AST | None) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
