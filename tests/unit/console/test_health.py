"""What runs take of the disk."""

from console.health import disk_use
from tests.fakes.s3 import FakeS3


def test_runs_are_told_apart_and_the_largest_is_first() -> None:
    fake = FakeS3("bucket")
    for key, size in (
        ("runs/small/run.json", 10),
        ("runs/large/a/b", 100),
        ("runs/large/c", 50),
        ("runs/file", 1),
        ("raw_data/digits/x", 70),
        ("code/abc/sourcedir.tar.gz", 30),
        ("alone", 5),
    ):
        fake.upload("bucket", key, b"x" * size)
    found = disk_use(fake, "bucket")  # type: ignore[arg-type]
    assert [(folder.name, folder.size, folder.objects) for folder in found.runs] == [
        ("runs/large", 150, 2),
        ("runs/small", 10, 1),
        ("runs/", 1, 1),
    ]
    assert [(folder.name, folder.size) for folder in found.rest] == [
        ("raw_data/", 70),
        ("code/", 30),
        ("alone", 5),
    ]
    assert found.size == 266
