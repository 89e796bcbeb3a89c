"""Data that cannot be trained on: preprocessing fails with file and cause, and nothing follows."""

import gzip
import json
import random
import re
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.pipeline import Pipeline
from tests.faults.light import upload
from tests.functional.sagemaker_requests import unique

IMAGES, LABELS = "-images-idx3-ubyte.gz", "-labels-idx1-ubyte.gz"
PARTS = ("train", "t10k")
CAP = 4 * 1024**3
MEBIBYTE = 1024**2

# Each damages one file of the folder and returns its name and what is to be said of it, a pattern.
Damage = Callable[[Path, random.Random], tuple[str, str]]


def corrupt_gzip(folder: Path, chance: random.Random) -> tuple[str, str]:
    file = _any_file(folder, chance)
    content = bytearray(file.read_bytes())
    start = chance.randrange(len(content) // 2, len(content) - 100)
    content[start : start + 64] = chance.randbytes(64)
    file.write_bytes(content)
    return file.name, r"found (corrupt gzip data|a truncated gzip stream|more bytes after)"


def bad_crc(folder: Path, chance: random.Random) -> tuple[str, str]:
    file = _any_file(folder, chance)
    content = bytearray(file.read_bytes())
    content[chance.randrange(-8, -4)] ^= 1 << chance.randrange(8)
    file.write_bytes(content)
    return file.name, r"found corrupt gzip data \(CRC check failed"


def truncated_idx(folder: Path, chance: random.Random) -> tuple[str, str]:
    file = _any_file(folder, chance)
    content = gzip.decompress(file.read_bytes())
    header = 16 if IMAGES in file.name else 8
    length = chance.randrange(header, len(content))
    file.write_bytes(gzip.compress(content[:length]))
    return file.name, f"found {length - header:,} bytes of values, expected"


def wrong_magic(folder: Path, chance: random.Random) -> tuple[str, str]:
    file = _any_file(folder, chance)
    content = bytearray(gzip.decompress(file.read_bytes()))
    content[chance.randrange(3)] ^= 1 << chance.randrange(4, 8)
    file.write_bytes(gzip.compress(content))
    return file.name, f"found magic 0x{content[:4].hex()}, expected 0x000008"


def count_mismatch(folder: Path, chance: random.Random) -> tuple[str, str]:
    file = folder / f"{chance.choice(PARTS)}{LABELS}"
    labels = _labels(file)
    left = labels[: chance.randrange(1, len(labels))]
    _write_labels(file, left)
    return file.name, f"found {len(left):,} labels, expected {len(labels):,}, as many as images"


def label_out_of_range(folder: Path, chance: random.Random) -> tuple[str, str]:
    file = folder / f"{chance.choice(PARTS)}{LABELS}"
    labels, wrong = bytearray(_labels(file)), chance.randrange(11, 256)
    labels[chance.randrange(len(labels))] = wrong
    _write_labels(file, bytes(labels))
    return file.name, f"labels from 0 to {wrong}, expected 0 to"


def one_class_only(folder: Path, chance: random.Random) -> tuple[str, str]:
    file, only = folder / f"train{LABELS}", chance.randrange(10)
    _write_labels(file, bytes([only]) * len(_labels(file)))
    return file.name, f"found only the label {only}, expected at least 2 classes"


def zip_bomb_of_an_honest_header(folder: Path, chance: random.Random) -> tuple[str, str]:
    file = folder / f"{chance.choice(PARTS)}{IMAGES}"
    images = chance.randrange(CAP // MEBIBYTE + 1, CAP // MEBIBYTE + 100)
    header = struct.pack(">4I", 0x803, images, 1024, 1024)
    file.write_bytes(gzip.compress(header) + _zeros(images))
    promised = f"{images * MEBIBYTE:,} bytes of values"
    return file.name, f"found {promised} .*, expected at most {CAP:,}"


def zip_bomb_beyond_its_header(folder: Path, chance: random.Random) -> tuple[str, str]:
    file = _any_file(folder, chance)
    file.write_bytes(file.read_bytes() + _zeros(CAP // MEBIBYTE + 1))
    return file.name, "found more bytes after the values, expected"


FAULTS: tuple[Damage, ...] = (
    corrupt_gzip,
    bad_crc,
    truncated_idx,
    wrong_magic,
    count_mismatch,
    label_out_of_range,
    one_class_only,
    zip_bomb_of_an_honest_header,
    zip_bomb_beyond_its_header,
)


@pytest.mark.parametrize("damage", FAULTS, ids=lambda damage: damage.__name__.replace("_", "-"))
def test_bad_data_fails_preprocessing_by_name_and_nothing_goes_downstream(
    light_pipeline: Pipeline, digits: Path, tmp_path: Path, chance: random.Random, damage: Damage
) -> None:
    folder = Path(shutil.copytree(digits, tmp_path / "damaged"))
    file, said = damage(folder, chance)
    registered = light_pipeline.model_packages()

    arn = upload(light_pipeline, folder, unique("damaged"))
    execution = light_pipeline.end_of(arn)

    assert (execution["status"], execution["error"]) == ("FAILED", "States.TaskFailed")
    last = json.loads(execution["cause"])
    assert re.match(rf"{re.escape(file)}: .*{said}", last["ExitMessage"]), last["ExitMessage"]
    # It is run again once, as any job that failed: decision 7.
    run = execution["name"]
    assert _jobs(light_pipeline, "Processing", run) == [f"{run}-preprocess-{n}-0" for n in (0, 1)]
    assert last["ProcessingJobName"] == f"{run}-preprocess-1-0"
    assert _jobs(light_pipeline, "Training", run) == []
    assert light_pipeline.model_packages() == registered
    assert light_pipeline.keys(f"s3://{light_pipeline.deployment.bucket}/runs/{run}/prep") == []


def _jobs(pipeline: Pipeline, kind: str, run: str) -> list[str]:
    """Return the names of the run's jobs of that kind, in order."""
    answer = getattr(pipeline.sagemaker, f"list_{kind.lower()}_jobs")(NameContains=run)
    return sorted(job[f"{kind}JobName"] for job in answer[f"{kind}JobSummaries"])


def _any_file(folder: Path, chance: random.Random) -> Path:
    return chance.choice(sorted(folder.iterdir()))


def _labels(file: Path) -> bytes:
    return gzip.decompress(file.read_bytes())[8:]


def _write_labels(file: Path, labels: bytes) -> None:
    file.write_bytes(gzip.compress(struct.pack(">2I", 0x801, len(labels)) + labels))


def _zeros(mebibytes: int) -> bytes:
    """Return so many zeros as gzip has them: a kibibyte a mebibyte, one member after the other."""
    return gzip.compress(bytes(MEBIBYTE)) * mebibytes
