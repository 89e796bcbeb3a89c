"""The Preprocess step: arrays for the next steps, or one clear line and nothing downstream."""

import gzip
import subprocess
import sys

import numpy as np
import pytest

from data.arrays import load_split
from data.instances import ALONE
from data.splitting import stratified_split
from data.writing import write
from job.errors import DataError
from preprocessing import preprocess

TRAIN_IMAGES, TRAIN_LABELS = "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"
TEST_IMAGES, TEST_LABELS = "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"


def test_the_job_writes_one_folder_per_array(preprocessed, digits):
    sizes = {"train": 1149, "validation": 288, "test": 360}
    for split, size in sizes.items():
        images, labels = load_split(preprocessed / "processing" / split, split)
        assert (images.shape, images.dtype) == ((size, 8, 8, 1), np.uint8)
        assert (labels.shape, labels.dtype) == ((size,), np.int64)
    np.testing.assert_array_equal(np.asarray(images)[..., 0], digits[TEST_IMAGES])
    np.testing.assert_array_equal(labels, digits[TEST_LABELS])


def test_the_files_are_the_bytes_that_numpy_would_save(preprocessed, digits, tmp_path):
    kept, held_out = stratified_split(digits[TRAIN_LABELS].astype(np.int64), 0.2, 42)
    rows = {"train": kept, "validation": held_out}
    for split, of in rows.items():
        saved = {"X": digits[TRAIN_IMAGES][of][..., None], "y": digits[TRAIN_LABELS][of]}
        for name, array in saved.items():
            np.save(tmp_path / "saved.npy", array.astype(np.uint8 if name == "X" else np.int64))
            written = preprocessed / f"processing/{split}/{name}_{split}/{name}_{split}.npy"
            assert written.read_bytes() == (tmp_path / "saved.npy").read_bytes()


def test_images_keep_their_labels(preprocessed, digits):
    known = {image.tobytes(): label for image, label in _pairs(digits)}
    for split in ("train", "validation"):
        images, labels = load_split(preprocessed / "processing" / split, split)
        for image, label in zip(images, labels, strict=True):
            assert known[image.tobytes()] == label


def _pairs(digits):
    return zip(digits[TRAIN_IMAGES], digits[TRAIN_LABELS], strict=True)


def test_the_split_depends_on_the_seed_alone(tmp_path, digits, write_dataset):
    source = write_dataset(tmp_path, digits)
    first, again, other = (preprocess(source, 0.2, seed)["train"].rows for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_colour_images_and_many_classes_pass(tmp_path, write_dataset):
    labels = np.tile(np.arange(300, dtype=np.int16), 3)
    images = np.zeros((900, 5, 6, 3), np.uint8)
    names = (TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS)
    source = write_dataset(tmp_path, dict(zip(names, (images, labels) * 2, strict=True)))
    write(tmp_path / "out", preprocess(source, 0.2, 42), ALONE)
    X, y = load_split(tmp_path / "out/train", "train")
    assert X.shape == (720, 5, 6, 3)
    assert len(np.unique(y)) == 300


def _replaced(name, change):
    """Return a change of the data set that touches one array."""
    return lambda arrays: {**arrays, name: change(arrays[name])}


def _with_label(value):
    def change(labels):
        labels = labels.copy()
        labels[7] = value
        return labels

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            _replaced(TRAIN_LABELS, lambda a: a[:-1]),
            f"{TRAIN_LABELS}: found 1,436 labels, "
            f"expected 1,437, as many as images in {TRAIN_IMAGES}",
        ),
        (
            _replaced(TEST_IMAGES, lambda a: a[:-3]),
            f"{TEST_LABELS}: found 360 labels, expected 357, as many as images in {TEST_IMAGES}",
        ),
        (
            _replaced(TRAIN_LABELS, _with_label(200)),
            f"{TRAIN_LABELS}: found 11 different labels from 0 to 200, "
            "expected 0 to 10, none missing",
        ),
        (
            _replaced(TEST_LABELS, _with_label(10)),
            f"{TEST_LABELS}: found labels from 0 to 10, "
            "expected 0 to 9, the classes of the training images",
        ),
        (
            _replaced(TRAIN_LABELS, lambda a: a * 0),
            f"{TRAIN_LABELS}: found only the label 0, expected at least 2 classes",
        ),
        (
            _replaced(TRAIN_LABELS, _with_label(10)),
            f"{TRAIN_LABELS}: found 1 image of class 10, expected at least 2 of each class",
        ),
        (
            _replaced(TEST_IMAGES, lambda a: a[:, :7]),
            f"{TEST_IMAGES}: found images of shape (7, 8, 1), "
            "expected (8, 8, 1), as the training images",
        ),
        (
            lambda arrays: {name: array[:0] for name, array in arrays.items()},
            f"{TRAIN_IMAGES}: found no image, expected at least one",
        ),
        (
            lambda arrays: {n: a[:0] if n.startswith("t10k") else a for n, a in arrays.items()},
            f"{TEST_IMAGES}: found no image, expected at least one",
        ),
        (
            lambda arrays: {n: a for n, a in arrays.items() if n != TRAIN_LABELS},
            "train-labels*: found no such file, expected exactly one file",
        ),
        (
            lambda arrays: {**arrays, "test-labels": arrays[TEST_LABELS]},
            f"t10k-labels* or test-labels*: found {TEST_LABELS}, test-labels, "
            "expected exactly one file",
        ),
    ],
)
def test_a_bad_data_set_is_refused(tmp_path, digits, write_dataset, change, message):
    source = write_dataset(tmp_path, change(digits))
    with pytest.raises(DataError) as caught:
        preprocess(source, 0.2, 42)
    assert str(caught.value) == message


def test_a_split_that_leaves_a_class_out_is_refused(tmp_path, digits, write_dataset):
    arrays = {name: array[:60] for name, array in digits.items()}
    with pytest.raises(DataError, match="expected all 10 classes: lower the fraction"):
        preprocess(write_dataset(tmp_path, arrays), 0.95, 42)


@pytest.fixture
def upload(digits, write_dataset):
    """Return a function that lays the digits into a job's base directory."""
    return lambda base: write_dataset(base / "processing/source_data", digits)


def _cut(name):
    """Return a damage that leaves a few bytes of the values out, in a whole gzip file."""

    def damage(source):
        content = gzip.decompress((source / name).read_bytes())
        (source / name).write_bytes(gzip.compress(content[:-5]))
        return f"{name}: found {len(content) - 5 - HEADERS[name]:,} bytes of values, expected "

    return damage


def _bad_crc(source):
    content = bytearray((source / TEST_IMAGES).read_bytes())
    content[-8] ^= 1
    (source / TEST_IMAGES).write_bytes(content)
    return f"{TEST_IMAGES}: found corrupt gzip data (CRC check failed"


HEADERS = {TEST_LABELS: 8, TEST_IMAGES: 16}


@pytest.mark.parametrize(
    "damage",
    [_cut(TEST_LABELS), _cut(TEST_IMAGES), _bad_crc],
    ids=["labels", "images", "the last byte of the last file"],
)
@pytest.mark.parametrize("outputs", [(), ("train", "validation", "test")], ids=["none", "made"])
def test_the_job_fails_with_one_line_and_leaves_nothing(
    upload, tmp_path, run_script, damage, outputs
):
    source = upload(tmp_path)
    for name in outputs:  # SageMaker makes them, a person who runs the script does not
        (tmp_path / "processing" / name).mkdir()
    line = damage(source)
    result = run_script(tmp_path, "preprocessing.py")
    assert result.returncode == 1
    assert result.stderr.startswith(f"error: {line}")
    assert result.stderr.count("\n") == 1
    assert (tmp_path / "output/message").read_text().startswith(line)
    found = {path.name for path in (tmp_path / "processing").iterdir()}
    assert found == {"source_data", *outputs}
    assert not [path for name in outputs for path in (tmp_path / "processing" / name).iterdir()]


def test_a_disk_that_takes_no_more_leaves_nothing(upload, tmp_path, ml_scripts, script_environment):
    upload(tmp_path)
    # At most 40 KB a file, as a disk that is full takes a part first.
    script = f"ulimit -f 40; exec {sys.executable} {ml_scripts / 'preprocessing.py'}"
    environment = script_environment(tmp_path)
    result = subprocess.run(["bash", "-c", script], env=environment, check=False)
    assert result.returncode == 1
    assert (tmp_path / "output/message").read_text() == "OSError: [Errno 27] File too large"
    assert {path.name for path in (tmp_path / "processing").iterdir()} == {"source_data"}


@pytest.mark.parametrize("value", ["0", "1", "-0.2", "nan", "many"])
def test_a_fraction_out_of_range_is_refused(tmp_path, run_script, value):
    result = run_script(tmp_path, "preprocessing.py", f"--validation-fraction={value}")
    assert result.returncode == 1
    assert "argument --validation-fraction" in (tmp_path / "output/message").read_text()
