"""A data set cut into shards, for one instance or for several, gives the very same arrays."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from data.arrays import load_split
from dataset import read
from fitting import checkpoints
from job.errors import DataError
from preprocessing import preprocess

SPLITS = ("train", "validation", "test")
# Of unequal size, and in the order of their names.
CUTS = {"train": {"00-of-03": 500, "01-of-03": 1, "02-of-03": 936}, "t10k": {"0": 300, "1": 60}}
FILES = {"images": "images-idx3-ubyte.gz", "labels": "labels-idx1-ubyte.gz"}


@pytest.fixture(scope="module")
def shards(digits) -> dict[str, np.ndarray]:
    """The digits as shards, by file name."""
    cut = {}
    for part, sizes in CUTS.items():
        first = 0
        for shard, size in sizes.items():
            for file in FILES.values():
                whole = digits[f"{part}-{file}"]
                cut[f"{part}-{shard}-{file}"] = whole[first : first + size]
            first += size
    return cut


def outputs(folder: Path) -> dict[str, str]:
    """Return the digests of what a job put out, by path."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for split in SPLITS
        for file in (folder / split).rglob("*")
        if file.is_file()
    }


def test_shards_give_the_same_files_as_one(
    tmp_path, shards, write_dataset, run_script, preprocessed
):
    write_dataset(tmp_path / "processing/source_data", shards)
    result = run_script(tmp_path, "preprocessing.py")
    assert result.returncode == 0, result.stderr
    assert outputs(tmp_path / "processing") == outputs(preprocessed / "processing")


class Instances:
    """The instances of one processing job, each a folder as SageMaker lays it out."""

    def __init__(self, folder: Path, count: int) -> None:
        self.hosts = [f"algo-{number}" for number in range(1, count + 1)]
        self.folders = {host: folder / host for host in self.hosts}
        self.uploaded = folder / "uploaded"

    def give(self, sharded: list[Path], replicated: list[Path], order: slice) -> None:
        """Deal out the files as ShardedByS3Key may: which instance gets which is not promised."""
        for number, (host, base) in enumerate(self.folders.items()):
            shares = {"sharded": sharded[order][number :: len(self.hosts)]}
            for name, files in {**shares, "replicated": replicated}.items():
                folder = base / "processing/source_data" / name
                folder.mkdir(parents=True)
                for file in files:
                    shutil.copy(file, folder)
            (base / "config").mkdir()
            resources = {"current_host": host, "hosts": self.hosts[::-1]}
            (base / "config/resourceconfig.json").write_text(json.dumps(resources))

    def run(self, run_script) -> list:
        """Run the script on each, and upload what it put out to the one prefix of all."""
        results = []
        for base in self.folders.values():
            results.append(run_script(base, "preprocessing.py"))
            for split in SPLITS:
                if (base / "processing" / split).exists():
                    target = self.uploaded / split
                    shutil.copytree(base / "processing" / split, target, dirs_exist_ok=True)
        return results


@pytest.fixture
def instances(tmp_path, shards, write_dataset):
    def make(count: int, order: slice = slice(None)) -> Instances:
        source = write_dataset(tmp_path / "uploads", shards)
        files = sorted(source.iterdir())
        made = Instances(tmp_path, count)
        replicated = [file for file in files if "labels" in file.name]
        made.give([file for file in files if file not in replicated], replicated, order)
        return made

    return make


@pytest.mark.parametrize(
    ("count", "order"),
    [(2, slice(None)), (2, slice(None, None, -1)), (5, slice(None))],
    ids=["two", "two, dealt out otherwise", "one file each, so none of one part"],
)
def test_the_union_of_several_instances_is_what_one_writes(
    instances, run_script, preprocessed, count, order
):
    job = instances(count, order)
    for result in job.run(run_script):
        assert result.returncode == 0, result.stderr
    for split in SPLITS:
        X, y = load_split(job.uploaded / split, split)
        expected_X, expected_y = load_split(preprocessed / "processing" / split, split)
        assert (X.shape, X.dtype) == (expected_X.shape, expected_X.dtype)
        np.testing.assert_array_equal(X, expected_X)
        np.testing.assert_array_equal(y, expected_y)
        assert len(list((job.uploaded / split / f"X_{split}").glob("X_*"))) == count


@pytest.mark.slow
def test_training_on_the_union_gives_the_same_bits(instances, run_script, preprocessed, tmp_path):
    job = instances(2)
    job.run(run_script)
    ends = []
    for arrays in (job.uploaded, preprocessed / "processing"):
        base = tmp_path / f"train on {arrays.name}"
        (base / "input").mkdir(parents=True)
        (base / "input/data").symlink_to(arrays)
        result = run_script(base, "main.py", "--epochs", "1")
        assert result.returncode == 0, result.stderr
        ends.append(checkpoints.newest(base / "checkpoints"))
    for group in checkpoints.GROUPS:
        for one, other in zip(*(getattr(end, group) for end in ends), strict=True):
            np.testing.assert_array_equal(one, other)


def test_each_instance_says_what_it_wrote(instances, run_script):
    first, second = instances(2).run(run_script)
    assert "test: 300 of 360 images by instance 1 of 2\n" in first.stdout
    assert "test: 60 of 360 images by instance 2 of 2\n" in second.stdout


def test_an_instance_whose_share_is_damaged_fails_by_name(instances, run_script):
    job = instances(2)
    (shard,) = job.folders["algo-2"].rglob("train-01-*-images*")
    content = bytearray(shard.read_bytes())
    content[-5] ^= 1
    shard.write_bytes(content)
    first, second = job.run(run_script)
    assert (first.returncode, second.returncode) == (0, 1)
    assert second.stderr.startswith(f"error: {shard.name}: found corrupt gzip data")
    with pytest.raises(DataError, match=r"found X_train-00001-of-00002\.npy, expected part 1"):
        load_split(job.uploaded / "train", "train")


def test_an_instance_holds_its_share_to_the_manifest(instances, run_script, tmp_path):
    job = instances(2)
    files = [
        {
            "name": file.name,
            "size": file.stat().st_size,
            "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        }
        for file in sorted((tmp_path / "uploads").iterdir())
    ]
    for base in job.folders.values():
        manifest = base / "processing/source_data/replicated/manifest.json"
        manifest.write_text(json.dumps({"files": files}))
    (shard,) = job.folders["algo-2"].rglob("train-01-*-images*")
    shard.write_bytes(shard.read_bytes()[:-1])
    first, second = job.run(run_script)
    assert first.returncode == 0, first.stderr
    assert second.returncode == 1
    assert "bytes, as manifest.json lists it" in second.stderr


def changed(name, change):
    return lambda arrays: {**arrays, name: change(arrays[name])}


def without(name):
    return lambda arrays: {each: array for each, array in arrays.items() if each != name}


def also(name, other):
    return lambda arrays: {**arrays, name: arrays[other]}


IMAGES, LABELS = f"train-01-of-03-{FILES['images']}", f"train-01-of-03-{FILES['labels']}"
TEST_LABELS = f"t10k-1-{FILES['labels']}"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            changed(LABELS, lambda a: a[:0]),
            f"{LABELS}: found 0 labels, expected 1, as many as images in {IMAGES}",
        ),
        (
            changed(IMAGES, lambda a: a[:, :7]),
            f"{IMAGES}: found images of shape (7, 8, 1), expected (8, 8, 1), "
            f"as in train-00-of-03-{FILES['images']}",
        ),
        (
            without(IMAGES),
            "train-01-of-03-images*: found no such file, expected exactly one file",
        ),
        (
            without(LABELS),
            "train-01-of-03-labels*: found no such file, expected exactly one file",
        ),
        (
            without(TEST_LABELS),
            "t10k-1-labels* or test-1-labels*: found no such file, expected exactly one file",
        ),
        (
            changed(TEST_LABELS, lambda a: a + 9),
            f"{TEST_LABELS}: found labels from 0 to 18, expected 0 to 9, "
            "the classes of the training images",
        ),
        (
            changed(LABELS, lambda a: a * 0 + 20),
            f"{LABELS}: found 11 different labels from 0 to 20, expected 0 to 10, none missing",
        ),
        (
            changed(LABELS, lambda a: a * 0 + 10),
            "train-*-labels*: found 1 image of class 10, expected at least 2 of each class",
        ),
        (
            also("train-images-idx3-ubyte.gz", IMAGES),
            f"train-*: found train-images-idx3-ubyte.gz beside train-00-of-03-{FILES['labels']}, "
            "expected one file of a kind, or shards",
        ),
        (
            also("train-01-of-03-images", IMAGES),
            f"train-01-of-03-images*: found train-01-of-03-images, {IMAGES}, "
            "expected exactly one file",
        ),
    ],
)
def test_a_bad_shard_is_refused_by_name(tmp_path, shards, write_dataset, change, message):
    source = write_dataset(tmp_path, change(shards))
    with pytest.raises(DataError) as caught:
        preprocess(source, 0.2, 42)
    assert str(caught.value) == message


def test_shards_without_an_image_are_in_order(tmp_path, shards, write_dataset):
    empty = {
        name: array[:0] if name in (IMAGES, LABELS) else array for name, array in shards.items()
    }
    train, _ = read(write_dataset(tmp_path, empty))
    assert len(train.X) == len(train.y) == 1436
