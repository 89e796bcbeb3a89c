"""Two instances preprocess shards, through the whole pipeline: the arrays of one, to the bit."""

import gzip
import hashlib
import itertools
import json
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from state_machine.config import PipelineConfig
from tests.e2e.pipeline import Pipeline
from tests.support.paths import PROJECT
from tests.support.waiting import eventually

SCRIPT = PROJECT / "ml_scripts/preprocessing.py"
SPLITS = ("train", "validation", "test")
NAME = "digits in shards"


@pytest.fixture(scope="module")
def settings(settings: PipelineConfig) -> PipelineConfig:
    two = settings.preprocessing.model_copy(update={"instance_count": 2})
    return settings.model_copy(update={"preprocessing": two})


def cut(file: Path, pieces: int) -> list[bytes]:
    """Return an IDX file as so many, gzipped."""
    content = gzip.decompress(file.read_bytes())
    header = 4 + 4 * content[3]
    (count,) = struct.unpack(">I", content[4:8])
    row = (len(content) - header) // count
    bounds = [count * piece // pieces for piece in range(pieces + 1)]
    return [
        gzip.compress(
            content[:4]
            + struct.pack(">I", end - begin)
            + content[8:header]
            + content[header + begin * row : header + end * row]
        )
        for begin, end in itertools.pairwise(bounds)
    ]


@pytest.fixture(scope="module")
def shards(digits: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The digits with the training part in three shards, and a manifest of all files."""
    folder = tmp_path_factory.mktemp("shards")
    for file in digits.iterdir():
        part, kind = file.name.split("-", 1)
        for number, content in enumerate(cut(file, 3 if part == "train" else 1)):
            (folder / f"{part}-{number}-{kind}").write_bytes(content)
    (folder / "manifest.json").write_text(manifest(sorted(folder.iterdir())))
    return folder


def manifest(files: list[Path]) -> str:
    listed = [(file.name, file.read_bytes()) for file in files]
    return json.dumps(
        {
            "files": [
                {"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
                for name, content in listed
            ]
        }
    )


def preprocessed_by_one(digits: Path, base: Path) -> Path:
    """Run the script on the data set as one file of each kind; return where the splits are."""
    shutil.copytree(digits, base / "processing/source_data")
    environment = {**os.environ, "SAGEMAKER_BASE_DIR": str(base)}
    subprocess.run([sys.executable, SCRIPT], env=environment, check=True)
    return base / "processing"


def joined(folder: Path, name: str) -> np.ndarray:
    """Return the parts of an array as one, each row at its place."""
    parts = sorted((folder / name).glob(f"{name}-*"))
    assert [part.name for part in parts] == [f"{name}-0000{n}-of-00002.npy" for n in (1, 2)]
    # The test part is one file: one of the instances has none of it.
    rows = np.concatenate([rows for rows in map(np.load, parts) if len(rows)])
    places = [np.load(part.with_name(part.name.replace(name, "places"))) for part in parts]
    return rows[np.argsort(np.concatenate(places))]


def downloaded(pipeline: Pipeline, uri: str, folder: Path) -> Path:
    _, _, bucket, prefix = uri.split("/", 3)
    for key in pipeline.keys(uri):
        path = folder / key.removeprefix(f"{prefix}/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pipeline.object(f"s3://{bucket}/{key}"))
    return folder


@pytest.mark.slow
def test_two_instances_write_the_arrays_of_one(
    pipeline: Pipeline, digits: Path, shards: Path, tmp_path: Path
) -> None:
    for file in sorted(shards.iterdir()):  # the manifest first
        pipeline.put(NAME, file)
    (arn,) = eventually(pipeline.executions)

    assert pipeline.registered(arn)

    uri = pipeline.end_of(arn)["output"]["paths"]["preprocessing"]
    found = downloaded(pipeline, uri, tmp_path / "two")
    expected = preprocessed_by_one(digits, tmp_path / "one")
    for split in SPLITS:
        X = np.load(expected / split / f"X_{split}/X_{split}.npy")
        np.testing.assert_array_equal(joined(found / split, f"X_{split}"), X)
        y = f"{split}/y_{split}/y_{split}.npy"
        assert (found / y).read_bytes() == (expected / y).read_bytes()


def test_what_cannot_be_shared_out_fails_with_the_reason(
    pipeline: Pipeline, shards: Path, tmp_path: Path
) -> None:
    files = sorted(shards.glob("train-0-*"))
    before = set(pipeline.executions())
    (tmp_path / "manifest.json").write_text(manifest(files))
    for file in (tmp_path / "manifest.json", *files):
        pipeline.put("too few", file)
    (arn,) = eventually(lambda: set(pipeline.executions()) - before)

    execution = pipeline.end_of(arn)

    assert (execution["status"], execution["error"]) == ("FAILED", "ShardingError")
    assert "found 1 to be shared out of 3 files" in execution["cause"]
