"""Arrays and checkpoints: what a job finds below its run's prefix, where somebody may have been."""

import io
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz import hostile
from tests.fuzz.cases import fuzzed, writing_only_to

# isort: split
from data import arrays
from fitting import checkpoints
from job.errors import DataError
from scoring import predictions


class Payload:
    """What a pickle would run."""

    def __reduce__(self) -> tuple:
        return (Path("evil").write_text, ("unpickled",))


def _npy(array: np.ndarray) -> bytes:
    written = io.BytesIO()
    np.save(written, array, allow_pickle=True)
    return written.getvalue()


def _npz(compression: int = zipfile.ZIP_STORED, **members: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return written.getvalue()


IMAGES, LABELS = np.zeros((3, 2, 2, 1), np.uint8), np.arange(3)
PICKLED = _npy(np.array([Payload()], dtype=object))
HEADERS = (
    "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 2, 2, 1), }",
    "{'descr': '|O', 'fortran_order': False, 'shape': (3,), }",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (9999999999999, 9, 9, 1), }",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (-1, 2, 2, 1), }",
    "{'descr': '<i8', 'fortran_order': True, 'shape': (3,), }",
    "{'descr': [('a', '<i4'), ('b', '|O')], 'fortran_order': False, 'shape': (3,), }",
    "{'descr': '<M8[ns]', 'fortran_order': False, 'shape': (3,), }",
    "{'descr': '|S0', 'fortran_order': False, 'shape': (3,), }",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (), }",
    "{'descr': '|u1', 'fortran_order': 3, 'shape': 3, }",
    "__import__('os').system('touch evil')",
    "[" * 3000,
)


@st.composite
def npy_files(draw: st.DrawFn, valid: np.ndarray) -> bytes:
    """A .npy file, or what calls itself one."""
    header = draw(st.sampled_from(HEADERS)).encode()
    made = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(24)
    odd = [np.zeros(3), np.array(["a"] * 3), np.array(3), np.zeros((0, 2, 2, 1), np.uint8)]
    files = [_npy(valid)] * 6 + [made] * 4 + [_npy(array) for array in odd]
    files += [PICKLED, _npz(a=_npy(valid)), b"", draw(st.binary(max_size=100))]
    return draw(hostile.damaged(draw(st.sampled_from(files)), most=1))


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("job")
    for name in ("X_test", "y_test"):
        (folder / name).mkdir()
    return folder


@fuzzed
@given(images=npy_files(IMAGES), labels=npy_files(LABELS))
def test_a_split(job: Path, images: bytes, labels: bytes) -> None:
    (job / "X_test/X_test.npy").write_bytes(images)
    (job / "y_test/y_test.npy").write_bytes(labels)
    with writing_only_to(job):
        try:
            found, of = arrays.load_split(job, "test")
        except DataError as error:
            assert ".npy: found " in str(error)
        else:
            assert found.dtype == np.uint8
            assert len(found) == len(of) > 0


PLACES = (np.array([0, 2]), np.array([1]))


@fuzzed
@given(
    images=st.tuples(*(npy_files(IMAGES[: len(each)]) for each in PLACES)),
    places=st.tuples(*(npy_files(each) for each in PLACES)),
    named=st.permutations([1, 2]) | st.sampled_from([[1, 3], [1, 1], [0, 1]]),
)
def test_a_split_in_parts(job: Path, images: tuple, places: tuple, named: list[int]) -> None:
    folder = job / "in parts"
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("X_test", "y_test"):
        (folder / name).mkdir(parents=True)
    np.save(folder / "y_test/y_test.npy", LABELS)
    for number, image, place in zip(named, images, places, strict=True):
        paths = arrays.paths_of_part(folder, "X_test", number, 2)
        for path, content in zip(paths, (image, place), strict=True):
            path.write_bytes(content)
    with writing_only_to(job):
        try:
            found, of = arrays.load_split(folder, "test")
        except DataError as error:
            assert ": found " in str(error)
        else:
            assert len(found) == len(of) > 0
            assert found[:].shape == found.shape


@st.composite
def npz_files(draw: st.DrawFn) -> bytes:
    """predictions.npz, or what calls itself so."""
    members = {
        "labels": draw(npy_files(LABELS)),
        "probabilities": draw(npy_files(np.full((3, 2), 0.5, np.float32))),
    }
    for name in draw(st.sets(st.sampled_from(sorted(members)), max_size=1)):
        del members[name]
    return draw(hostile.damaged(_npz(zipfile.ZIP_DEFLATED, **members), most=1))


@fuzzed
@given(content=npz_files())
def test_predictions(job: Path, content: bytes) -> None:
    path = job / "predictions.npz"
    path.write_bytes(content)
    with writing_only_to(job):
        try:
            found = predictions.load(path)
        except DataError as error:
            assert "predictions.npz: found " in str(error)
        else:
            assert len(found.labels) == len(found.probabilities)


@st.composite
def checkpoint_files(draw: st.DrawFn) -> bytes:
    """A checkpoint whose name will fit whatever is in it."""
    metadata = {"settings": {"seed": 1}, "history": [{"epoch": 1, "loss": 0.5}]}
    content = draw(hostile.documents(metadata))
    members = {
        "metadata": _npy(np.frombuffer(content, np.uint8)),
        "model/0000": draw(npy_files(IMAGES)),
        "optimizer/0000": draw(npy_files(LABELS)),
        "best/0000": _npy(IMAGES),
    }
    for name in draw(st.sets(st.sampled_from(sorted(members)), max_size=1)):
        del members[name]
    kind = draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
    return draw(hostile.damaged(_npz(kind, **members), most=1))


@fuzzed
@given(content=checkpoint_files())
def test_a_checkpoint(job: Path, content: bytes) -> None:
    folder = job / "checkpoints"
    shutil.rmtree(folder, ignore_errors=True)
    whole = checkpoints.Checkpoint({"seed": 1}, [{"epoch": 1}], [IMAGES], [LABELS], [IMAGES])
    checkpoints.save(folder, whole)
    path = folder / "hostile"
    path.write_bytes(content)
    digest = checkpoints._digest(path)
    path.rename(folder / f"epoch-0002-{digest}.npz")
    said: list[str] = []
    with writing_only_to(job):
        found = checkpoints.newest(folder, said.append)
    assert found is not None
    assert isinstance(found.epoch, int)
    assert json.dumps(found.settings)
    assert all(line.isprintable() for line in said)
