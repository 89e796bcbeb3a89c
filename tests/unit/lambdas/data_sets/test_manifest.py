import io
import json

import jsonschema
import pytest
from botocore.response import StreamingBody

from lambdas.data_sets import manifest
from lambdas.data_sets.manifest import ListedFile
from lambdas.errors import ManifestError

FILE = {"name": "数字 + 1.gz", "size": 12, "sha256": "a1" * 32}


def read(content: object):
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return manifest.read(StreamingBody(io.BytesIO(data), len(data)))


def test_the_schema_is_json_schema():
    jsonschema.Draft7Validator.check_schema(manifest.SCHEMA)


def test_reads_the_files():
    assert read({"files": [FILE]}) == (ListedFile("数字 + 1.gz", 12, "a1" * 32),)
    assert read({"files": [FILE | {"size": 12.0}]}) == read({"files": [FILE]})


def test_the_largest_manifest_passes_in_any_encoding_of_its_names():
    files = [FILE | {"name": "数" * 97 + f"{number:03}"} for number in range(100)]
    assert len(read({"files": files})) == 100


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b" " * manifest.LARGEST + b"{}", "manifest.json is larger than 262144 bytes"),
        (b"", "manifest.json is malformed: it is empty"),
        (b"\xff", "manifest.json is malformed: 'utf-8'"),
        (b'{"files": [NaN]}', "manifest.json is malformed: files.0: NaN is not JSON"),
        ([], 'manifest.json: content: found [], expected object (with the list "files" and'),
        ({}, 'manifest.json: content: found {}, expected object (with the list "files" and'),
        ({"file": []}, 'manifest.json: content: found {"file": []}, expected object (with'),
        (
            {"files": [FILE], "file": 1},
            "manifest.json: content: unknown field 'file' (did you mean 'files'?); allowed: files",
        ),
        ({"files": []}, "manifest.json: files: found [], expected array (1 to 100 files)"),
        ({"files": [FILE] * 101}, "manifest.json: files: found "),
        ({"files": [FILE, FILE]}, "manifest.json: found '数字 + 1.gz' more than once"),
        (
            {"files": [FILE, {"name": "x"}]},
            'manifest.json: files.1: found {"name": "x"}, expected object (with name, size and',
        ),
        (
            {"files": [FILE | {"md5": "0"}]},
            "manifest.json: files.0: unknown field 'md5'; allowed: name, sha256, size",
        ),
        (
            {"files": [FILE | {"size": -1}]},
            "manifest.json: files.0.size: found -1, expected integer (in bytes)",
        ),
        ({"files": [FILE | {"size": True}]}, "manifest.json: files.0.size: found true, expected"),
        ({"files": [FILE | {"size": "12"}]}, 'manifest.json: files.0.size: found "12", expected'),
        (
            {"files": [FILE | {"sha256": "G1" * 32}]},
            'manifest.json: files.0.sha256: found "G1G1G1',
        ),
        ({"files": [FILE | {"name": "a/b"}]}, 'manifest.json: files.0.name: found "a/b", expected'),
        ({"files": [FILE | {"name": ".."}]}, 'manifest.json: files.0.name: found "..", expected'),
        (
            {"files": [FILE | {"name": "a\n"}]},
            'manifest.json: files.0.name: found "a\\n", expected',
        ),
        ({"files": [FILE | {"name": "x" * 101}]}, 'manifest.json: files.0.name: found "xxx'),
        (
            {"files": [FILE | {"name": "manifest.json"}]},
            'manifest.json: files.0.name: found "manifest.json", expected string (another file',
        ),
    ],
    ids=lambda _: "case",
)
def test_the_error_names_what_was_found_and_what_is_expected(content, message):
    with pytest.raises(ManifestError) as caught:
        read(content)
    assert str(caught.value).startswith(message)
    assert len(str(caught.value)) < 300
