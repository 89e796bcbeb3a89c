"""What people's folders hold, and whether that is a complete data set: for all who judge it.

The pipeline of these cases requires `REQUIRED`. A folder is a mapping of names to contents.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

REQUIRED = ("images.gz", "labels.gz")
MANIFEST = "manifest.json"
# One name as other systems write it and as macOS may: "é" in one character, and in two.
COMPOSED, DECOMPOSED = "caf\u00e9.gz", "cafe\u0301.gz"
BOTH = {"images.gz": b"images", "labels.gz": b"labels"}


@dataclass(frozen=True)
class Case:
    """A folder, and what is wrong with it: a text that every judge names; complete if empty.

    `in_content` marks what only shows in the bytes of a file, which the Lambdas do not read.
    """

    what: str
    files: Mapping[str, bytes]
    wrong: str = ""
    in_content: bool = False

    @property
    def has_manifest(self) -> bool:
        """Whether a manifest lies in the folder."""
        return MANIFEST in self.files


def listed(name: str, content: bytes, /, **changes: object) -> dict[str, object]:
    """The entry of a file in a manifest, with `changes`."""
    sha256 = hashlib.sha256(content).hexdigest()
    return {"name": name, "size": len(content), "sha256": sha256} | changes


def manifest(*files: dict[str, object]) -> bytes:
    """The content of a manifest that lists the files."""
    return json.dumps({"files": files}, ensure_ascii=False).encode()


def with_manifest(files: Mapping[str, bytes], *entries: dict[str, object]) -> dict[str, bytes]:
    """The files, and a manifest of the entries: of all files where none is given."""
    entries = entries or tuple(listed(name, content) for name, content in files.items())
    return {MANIFEST: manifest(*entries), **files}


ONE = {"train-00.gz": b"one"}
SHARDS = ONE | {"train-01.gz": b"two"}
WHOLE = with_manifest(SHARDS)[MANIFEST]
DIGEST = hashlib.sha256(b"one").hexdigest()


def of_one(**changes: object) -> dict[str, bytes]:
    """A file, and a manifest that lists it with `changes`."""
    return with_manifest(ONE, listed("train-00.gz", b"one", **changes))


CASES = (
    Case("all required files", BOTH),
    Case("other files beside them", BOTH | {"notes.txt": b"", ".DS_Store": b"x", "x~": b""}),
    Case("a required file is not there", {"images.gz": b"images"}, "labels.gz"),
    Case("a required file is empty", BOTH | {"labels.gz": b""}, "labels.gz is empty"),
    Case("a manifest of other files", with_manifest(SHARDS)),
    Case(
        "a manifest that begins with a byte order mark",
        ONE | {MANIFEST: b"\xef\xbb\xbf" + WHOLE},
        "train-01.gz",
    ),
    Case("a whole one with a byte order mark", SHARDS | {MANIFEST: b"\xef\xbb\xbf" + WHOLE}),
    Case(
        "a manifest with the line ends of Windows",
        SHARDS | {MANIFEST: WHOLE.replace(b", ", b",\r\n")},
    ),
    Case("a manifest with digests in capitals", of_one(sha256=DIGEST.upper())),
    Case("a manifest with a size of 3.0", of_one(size=3.0)),
    Case(
        "a listed file is not there",
        with_manifest(ONE, listed("train-00.gz", b"one"), listed("x.gz", b"x")),
        "x.gz",
    ),
    Case(
        "a listed file is shorter", of_one(size=4), "train-00.gz: found 3 bytes, expected 4 bytes"
    ),
    Case(
        "a listed file has another content",
        with_manifest(ONE, listed("train-00.gz", b"two")),
        "train-00.gz: found sha256",
        in_content=True,
    ),
    Case("a listed file is empty as it should be", with_manifest(ONE | {"_SUCCESS": b""})),
    Case("required files beside a manifest of others", with_manifest(ONE) | {"images.gz": b""}),
    Case(
        "a name as macOS writes it",
        {DECOMPOSED: b"one"} | {MANIFEST: manifest(listed(COMPOSED, b"one"))},
    ),
    Case(
        "a manifest as macOS writes it",
        {COMPOSED: b"one"} | {MANIFEST: manifest(listed(DECOMPOSED, b"one"))},
    ),
    Case(
        "a name in two spellings",
        with_manifest({COMPOSED: b"one"}) | {DECOMPOSED: b"one"},
        "in two spellings",
    ),
    Case(
        "a name listed in two spellings",
        with_manifest({COMPOSED: b"one", DECOMPOSED: b"one"}),
        "more than once",
    ),
    Case("an empty manifest", BOTH | {MANIFEST: b""}, MANIFEST),
    Case(
        "a manifest with nothing but a byte order mark",
        BOTH | {MANIFEST: b"\xef\xbb\xbf"},
        MANIFEST,
    ),
    Case("a manifest in UTF-16", SHARDS | {MANIFEST: WHOLE.decode().encode("utf-16")}, MANIFEST),
    Case(
        "a manifest in Latin-1",
        {MANIFEST: manifest(listed(COMPOSED, b"one")).decode().encode("latin-1")},
        MANIFEST,
    ),
    Case("a manifest that is no JSON", BOTH | {MANIFEST: b"{"}, MANIFEST),
    Case("a manifest that is a list", BOTH | {MANIFEST: b"[]"}, MANIFEST),
    Case("a manifest of no file", BOTH | {MANIFEST: manifest()}, MANIFEST),
    Case(
        "a manifest of 101 files",
        BOTH | {MANIFEST: manifest(*(listed(f"{n}", b"") for n in range(101)))},
        MANIFEST,
    ),
    Case(
        "a manifest with another member",
        ONE | {MANIFEST: WHOLE.replace(b'{"files"', b'{"version": 1, "files"')},
        MANIFEST,
    ),
    Case("a file with another member", of_one(md5="0"), MANIFEST),
    Case(
        "a key twice", ONE | {MANIFEST: WHOLE.replace(b'{"name"', b'{"size": 3, "name"')}, MANIFEST
    ),
    Case("a size that is a text", of_one(size="3"), MANIFEST),
    Case("a size that is true", of_one(size=True), MANIFEST),
    Case("a size below 0", of_one(size=-1), MANIFEST),
    Case("a size of 3.5", of_one(size=3.5), MANIFEST),
    Case("a size of NaN", of_one(size=float("nan")), MANIFEST),
    Case("a size without bounds", of_one(size=10**16), MANIFEST),
    Case("a digest that is too short", of_one(sha256=DIGEST[1:]), MANIFEST),
    Case("a digest that is no hex", of_one(sha256="g" * 64), MANIFEST),
    Case("a digest with a blank", of_one(sha256=f"{DIGEST} "), MANIFEST),
    Case("a name with a slash", of_one(name="../train-00.gz"), MANIFEST),
    Case("the folder's own name", of_one(name="."), MANIFEST),
    Case("a name that is not printable", of_one(name="a\u202eb"), MANIFEST),
    Case("a name of 101 characters", of_one(name="n" * 101), MANIFEST),
    Case("a manifest that lists itself", of_one(name=MANIFEST), MANIFEST),
    Case(
        "an entry without its digest",
        ONE | {MANIFEST: manifest({"name": "train-00.gz", "size": 3})},
        MANIFEST,
    ),
)
