"""What a hostile uploader would try: odd text and numbers, valid files with one thing wrong."""

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

NASTY_TEXTS = (
    "",
    ".",
    "..",
    "../evil",
    "/etc/passwd",
    "a/b",
    "a\\b",
    "a\0b",
    "\n2026-01-01 ERROR forged",
    "\r\x1b[31mred\x1b[0m",
    "\x9b31m",
    "\u2028forged",
    "\u202egnp.exe",
    "\ud800",
    "\udcff",
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "</style><style>",
    "<!-- retrain:run -->",
    "{{ 7 * 7 }}",
    "[red]red[/red]",
    "%s%n{0}",
    "%2e%2e%2f",
    "a" * 300,
    "é" * 200,
)
NASTY_NUMBERS = (
    0,
    -1,
    2**31,
    2**63,
    10**400,
    -(10**400),
    1e308,
    float("inf"),
    float("-inf"),
    float("nan"),
    -0.0,
    5e-324,
    True,
    0.1,
)

any_text = st.text(st.characters(exclude_categories=()), max_size=30)
texts = st.sampled_from(NASTY_TEXTS) | any_text
numbers = st.sampled_from(NASTY_NUMBERS) | st.integers() | st.floats()
scalars = st.none() | st.booleans() | numbers | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)


@st.composite
def changed(draw: st.DrawFn, valid: Any, most: int = 3) -> Any:
    """A JSON value with up to `most` things in it replaced, removed, renamed or added."""
    found = json.loads(json.dumps(valid))
    for _ in range(draw(st.integers(0, most))):
        places = list(_places(found))
        if not places or draw(st.integers(0, 30)) == 0:
            return draw(values)
        _change(draw, *draw(st.sampled_from(places)))
    return found


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield (container, key) of everything in a JSON value, however deep."""
    keys = list(value) if isinstance(value, dict) else []
    if isinstance(value, list):
        keys = list(range(len(value)))
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _change(draw: st.DrawFn, container: Any, key: Any) -> None:
    match draw(st.integers(0, 9)):
        case 0:
            del container[key]
        case 1 if isinstance(container, dict):
            container[draw(texts)] = container.pop(key)
        case 2 if isinstance(container, dict):
            container[draw(texts)] = draw(values)
        case 2:
            container.append(draw(values))
        case 3 | 4 | 5:
            container[key] = draw(st.sampled_from(NASTY_NUMBERS))
        case 6 | 7:
            container[key] = draw(texts)
        case _:
            container[key] = draw(values)


@st.composite
def damaged(draw: st.DrawFn, content: bytes, most: int = 3) -> bytes:
    """Bytes of which up to `most` stretches are cut, overwritten, doubled or inserted."""
    for _ in range(draw(st.integers(0, most))):
        at = draw(st.integers(0, len(content)))
        length = draw(st.integers(0, 16))
        match draw(st.integers(0, 3)):
            case 0:
                content = content[:at]
            case 1:
                content = content[:at] + draw(st.binary(min_size=1, max_size=8)) + content[at:]
            case 2:
                content = content[:at] + content[at : at + length] + content[at:]
            case _:
                with_bytes = draw(st.binary(max_size=8))
                content = content[:at] + with_bytes + content[at + len(with_bytes) :]
    return content


@st.composite
def documents(draw: st.DrawFn, valid: Any) -> bytes:
    """The bytes of a JSON file: a valid one, or one that is hostile in one way or another."""
    text = json.dumps(draw(changed(valid)), ensure_ascii=draw(st.booleans()))
    content = text.encode("utf-8", "surrogatepass")
    depth = draw(st.sampled_from([100, 1000, 100_000]))
    digits = draw(st.sampled_from([400, 5000]))  # Python reads at most 4300 as an integer
    ways = [
        *[content] * 5,
        draw(damaged(content)),
        draw(st.binary(max_size=200)),
        b"[" * depth + b"]" * depth,
        content.replace(b"1", b"1" * digits, 1),
        content.replace(b"{", b'{"files": [], "files": [], ', 1),
        draw(st.sampled_from([b"\xef\xbb\xbf", b"\xff\xfe", b" ", b"\0"])) + content,
        content + draw(st.sampled_from([b"\n", b"{}", b"\0", b"//"])),
    ]
    return draw(st.sampled_from(ways))
