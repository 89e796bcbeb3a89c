"""Bodies of objects: the whole of them, or an error."""

import ast
import io
from pathlib import Path

import pytest
from botocore.exceptions import IncompleteReadError
from botocore.response import StreamingBody

from lambdas.boundary import s3_objects, strict_json
from lambdas.boundary.s3_objects import read_body
from tests.support.paths import PROJECT

READERS = ("app.py", "lambdas", "state_machine", "operations", "cli", "console")


class InPieces(io.BytesIO):
    """A connection that hands over a byte at a time."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(1, size or 0))


def test_a_body_is_read_to_its_end_however_it_comes():
    assert read_body(StreamingBody(InPieces(b"abcdef"), 6), 6) == b"abcdef"


def test_a_body_that_is_too_long_is_not_read_any_further():
    source = io.BytesIO(b"abcdef")
    assert read_body(StreamingBody(source, 6), 3) == b"abcd"
    assert source.closed


@pytest.mark.parametrize("largest", [3, 4, 100])
def test_a_body_that_broke_off_is_no_shorter_object(largest):
    with pytest.raises(IncompleteReadError):
        read_body(StreamingBody(io.BytesIO(b"abc"), 6), largest)


def test_json_that_broke_off_is_not_malformed():
    with pytest.raises(IncompleteReadError):
        strict_json.read(StreamingBody(io.BytesIO(b'{"accuracy": 0.9'), 100), 1000)


def reads_of_a_part(source: str) -> list[int]:
    """The lines that read a part of a body of S3, as botocore hands it over."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "read"
        and (node.args or node.keywords)
        and "body" in ast.unparse(node.func.value).lower()
    ]


def test_nobody_else_reads_a_part_of_a_body():
    files = [
        path
        for name in READERS
        for path in sorted([PROJECT / name, *(PROJECT / name).rglob("*.py")])
        if path.suffix == ".py" and path != Path(s3_objects.__file__)
    ]
    assert len(files) > 100
    assert {str(path): reads_of_a_part(path.read_text()) for path in files} == {
        str(path): [] for path in files
    }


@pytest.mark.parametrize("code", ["body.read(10)", 'answer["Body"].read(amt=1)'])
def test_the_check_itself_can_fail(code):
    assert reads_of_a_part(code) == [1]
