"""manifest.json: the Lambda's reader and the job's, each with its own error and no other."""

import io
from pathlib import Path

import pytest
from botocore.response import StreamingBody
from hypothesis import given

from lambdas.data_sets import manifest as in_lambda
from lambdas.errors import ManifestError
from tests.fuzz import hostile
from tests.fuzz.cases import fuzzed, writing_only_to

# isort: split
from data import manifest as in_job
from job.errors import DataError

SHA256 = "9834876dcfb05cb167a5c24953eba58c4ac89b1adf57f28f2f9d09af107ee8f0"  # of b"aaa"
VALID = {
    "files": [
        {"name": "a", "size": 3, "sha256": SHA256},
        {"name": "b.gz", "size": 0, "sha256": "0" * 64},
    ]
}
documents = hostile.documents(VALID)


@fuzzed
@given(content=documents)
def test_in_the_lambda(content: bytes) -> None:
    try:
        files = in_lambda.read(StreamingBody(io.BytesIO(content), len(content)))
    except ManifestError as error:
        assert str(error).isprintable()
        assert len(str(error)) < 1000
    else:
        assert 0 < len(files) <= in_lambda.MOST_FILES
        assert all("/" not in file.name and file.name.isprintable() for file in files)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("source")
    (folder / "a").write_bytes(b"aaa")
    (folder.parent / "evil").write_bytes(b"aaa")
    return folder


@fuzzed
@given(content=documents)
def test_in_the_job(source: Path, content: bytes) -> None:
    (source / "manifest.json").write_bytes(content)
    with writing_only_to(source):
        try:
            in_job.verify(source)
        except DataError as error:
            assert ": found " in str(error)
            assert len(str(error)) < 1000
