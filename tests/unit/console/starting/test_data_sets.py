"""The data sets that a form offers."""

import json

from console.starting.data_sets import offers
from lambdas.data_sets.data_sets import DataSets
from tests.fakes.s3 import FakeS3

FILES = ("images.gz", "labels.gz")


def store(**datasets: tuple[str, ...]) -> FakeS3:
    """A bucket with these files, the first data set the oldest."""
    fake = FakeS3("bucket")
    for dataset, files in datasets.items():
        for file in files:
            fake.upload("bucket", f"raw_data/{dataset}/{file}")
    return fake


def offered(fake: FakeS3) -> list[tuple[str, str]]:
    found = offers(DataSets(fake, "bucket", "raw_data/", FILES))  # type: ignore[arg-type]
    return [(offer.name, offer.incomplete) for offer in found]


def test_the_newest_is_first_and_what_is_missing_is_told() -> None:
    fake = store(old=FILES, half=("images.gz",), new=FILES)
    assert offered(fake) == [("new", ""), ("half", "labels.gz missing"), ("old", "")]
    fake.upload("bucket", "raw_data/old/images.gz")
    assert offered(fake)[0] == ("old", "")


def test_what_is_no_data_set_is_left_out() -> None:
    fake = store()
    for key in ("raw_data/x", "raw_data/a/b/c", "raw_data/a\nb/x", "other/a/x"):
        fake.upload("bucket", key)
    assert offered(fake) == []


def test_a_manifest_says_what_is_missing() -> None:
    fake = store(listed=("a.gz",))
    files = [{"name": name, "size": 7, "sha256": "0" * 64} for name in ("a.gz", "b.gz")]
    fake.upload("bucket", "raw_data/listed/manifest.json", json.dumps({"files": files}).encode())
    assert offered(fake) == [("listed", "b.gz missing")]


def test_one_listing_is_enough_where_there_is_no_manifest() -> None:
    fake = store(a=FILES, b=FILES)
    offered(fake)
    assert {name for name, _ in fake.calls} == {"ListObjectsV2"}
