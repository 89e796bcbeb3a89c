"""IDX files, alone and as a data set: arrays come out, or a DataError that names the file."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz import hostile
from tests.fuzz.cases import fuzzed, writing_only_to

# isort: split
import preprocessing
from data import arrays, idx, writing
from data.instances import ALONE
from job.errors import DataError

CAP = 4096  # bytes, so that headers on both sides of it are tried
SIZES = st.sampled_from([0, 1, 2, 3, 28, 255, 65_535, 2**31, 2**32 - 1]) | st.integers(0, 40)


@st.composite
def idx_files(draw: st.DrawFn) -> bytes:
    """A header that is nearly right, and values that are nearly as many as it promises."""
    code = draw(st.sampled_from([*idx.DTYPES, 0x00, 0x0A, 0xFF]))
    shape = draw(st.lists(SIZES, max_size=5))
    dimensions = draw(st.sampled_from([len(shape), len(shape), len(shape), 0, 3, 255]))
    values = draw(st.sampled_from([0, 0, 0, -1, 1])) + _values(code, shape)
    header = bytes([0, 0, code, dimensions]) + struct.pack(f">{len(shape)}I", *shape)
    body = draw(st.integers(0, 255)).to_bytes() * min(max(values, 0), 2 * CAP)
    return draw(hostile.damaged(header + body, most=1))


def _values(code: int, shape: list[int]) -> int:
    kind = idx.DTYPES.get(code, np.dtype("u1"))
    return int(np.prod([float(size) for size in shape])) * kind.itemsize


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("job")


@fuzzed
@given(content=idx_files(), packed=st.sampled_from(["", "gzip", "damaged gzip"]), data=st.data())
def test_a_file(job: Path, content: bytes, packed: str, data: st.DataObject) -> None:
    path = job / ("images.gz" if packed else "images")
    if packed:
        content = gzip.compress(content, 1)
    if packed == "damaged gzip":
        content = data.draw(hostile.damaged(content))
    path.write_bytes(content)
    with writing_only_to(job):
        for read in (_read_images, _read_labels):
            try:
                found = read(path)
            except DataError as error:
                assert path.name in str(error)
            else:
                assert found <= CAP


def _read_images(path: Path) -> int:
    """Return how many bytes of images there are."""
    return sum(chunk.nbytes for chunk in idx.ImagesFile(path, CAP).chunks())


def _read_labels(path: Path) -> int:
    return idx.LabelsFile(path, CAP).read().nbytes


@st.composite
def data_sets(draw: st.DrawFn) -> dict[str, bytes]:
    """A small data set by file name, with something wrong in it as a rule."""
    classes, side = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    files = {}
    for part in ("train", "t10k"):
        count = draw(st.sampled_from([0, 1, 4, 12, 12, 12]))
        labels = [draw(st.sampled_from([number % classes] * 9 + [255])) for number in range(count)]
        files[f"{part}-labels-idx1-ubyte"] = struct.pack(">HBBI", 0, 8, 1, count) + bytes(labels)
        header = struct.pack(">HBBIII", 0, 8, 3, count, side, side)
        files[f"{part}-images-idx3-ubyte"] = header + bytes(count * side * side)
    name = draw(st.sampled_from(sorted(files)))
    match draw(st.integers(0, 5)):
        case 0:
            files[name] = draw(hostile.damaged(files[name]))
        case 1:
            del files[name]
        case 2:
            files[f"{name}.gz"] = gzip.compress(files.pop(name), 1)
        case 3:
            files["manifest.json"] = draw(hostile.documents({"files": []}))
        case 4:
            files[name.replace("-", "-2-", 1)] = files[name]
    return files


@fuzzed
@given(files=data_sets(), fraction=st.floats(0.01, 0.99))
def test_a_data_set(tmp_path_factory: pytest.TempPathFactory, files: dict, fraction: float) -> None:
    source = tmp_path_factory.mktemp("source")
    for name, content in files.items():
        (source / name).write_bytes(content)
    with writing_only_to(source):
        try:
            splits = preprocessing.preprocess(source, fraction, seed=1)
            writing.write(source / "out", splits, ALONE)
        except DataError as error:
            assert ": found " in str(error)
            assert not (source / "out").exists()
        else:
            for name, split in splits.items():
                X, y = arrays.load_split(source / "out" / name, name)
                assert len(X) == len(y) == len(split.rows)
