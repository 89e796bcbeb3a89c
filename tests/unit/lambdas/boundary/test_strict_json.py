import io

import pytest
from botocore.response import StreamingBody

from lambdas.boundary.strict_json import parse, read


def body(content: bytes) -> StreamingBody:
    return StreamingBody(io.BytesIO(content), len(content))


def test_reads_up_to_a_size():
    assert read(body(b"[1, 2]"), 6) == [1, 2]
    with pytest.raises(ValueError, match=r"^larger than 5 bytes$"):
        read(body(b"[1, 2]"), 5)


def test_a_byte_order_mark_and_the_line_ends_of_windows_are_skipped():
    assert parse(b'\xef\xbb\xbf{"a":\r\n1}\r\n') == {"a": 1}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty"),
        (b"{", "malformed"),
        (b'{"a": 1} {"a": 2}', "Extra data"),
        (b'{"a": NaN}', "a: NaN is not JSON"),
        (b'{"a": {"b-c": [0, Infinity]}}', "a.b-c.1: Infinity is not JSON"),
        (b'{"a": -Infinity}', "a: -Infinity is not JSON"),
        (b"NaN", "the value: NaN is not JSON"),
        (b'{"a": 1e400}', "a: 1e400 is too large"),
        (b'{"a": -9e999}', "a: -9e999 is too large"),
        (b'{"a": {"b": 1, "b": 2}}', "the key 'b' stands twice"),
        ('{"a": "é"}'.encode("latin-1"), "utf-8"),
        ('{"a": 1}'.encode("utf-16"), "UTF-16, expected UTF-8: save the file as UTF-8"),
        (b"\xef\xbb\xbf", "Expecting value"),
        (b'{"a": ' + b"9" * 5000 + b"}", "digits"),
        (b"[" * 100_000, "recursion"),
    ],
    ids=lambda _: "case",
)
def test_what_is_not_strict_is_refused(content, message):
    with pytest.raises(ValueError, match=r"^malformed: ") as caught:
        parse(content)
    assert message in str(caught.value)
