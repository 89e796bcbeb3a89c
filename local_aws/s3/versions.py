"""ListObjectVersions: the versions that a bucket has now, in order, one page after another.

What this restores of AWS's behaviour, where moto 5.2 differs:

- Of two versions of a key that were put in one millisecond the second is the newer one.
- A page goes on behind the one before, also where what that one ended with was deleted: who deletes
  page by page deletes all. moto gives an empty page.
- A key marker without a version's id skips that key, and no other.

moto also copies every version of the bucket for each page.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from moto.s3.models import FakeBucket, FakeKey, S3Backend

from local_aws.wrapping import replace


class _Row(NamedTuple):
    """A version or delete marker of the key `name`; None for what several keys have in common."""

    name: str
    version: Any = None


def install() -> None:
    """List what the bucket has, in place of moto's copies."""
    replace(S3Backend, list_object_versions=list_object_versions)


def list_object_versions(  # noqa: PLR0917 (moto's signature)
    backend: S3Backend,
    bucket_name: str,
    delimiter: str | None = None,
    key_marker: str | None = None,
    max_keys: int | None = 1000,
    prefix: str = "",
    version_id_marker: str | None = None,
) -> tuple[list[Any], list[str], list[Any], str | None, str | None]:
    """Return versions, common prefixes and delete markers, and where the next page begins."""
    after = (key_marker or "", version_id_marker or "")
    rows = _rows(backend.get_bucket(bucket_name), prefix, delimiter or "", after)
    page = list(islice(rows, max_keys))
    is_last = not page or next(rows, None) is None
    versions = [row.version for row in page if row.version is not None]
    return (
        [version for version in versions if isinstance(version, FakeKey)],
        [row.name for row in page if row.version is None],
        [version for version in versions if not isinstance(version, FakeKey)],
        None if is_last else page[-1].name,
        None if is_last or page[-1].version is None else _id(page[-1].version),
    )


def _rows(
    bucket: FakeBucket, prefix: str, delimiter: str, after: tuple[str, str]
) -> Iterator[_Row]:
    """Yield what is listed behind a key and one of its versions, by key, the newest first."""
    key_marker, version_marker = after
    last = key_marker
    for name in sorted(name for name in dict(bucket.keys) if name.startswith(prefix)):
        if name < key_marker:
            continue
        end = name.find(delimiter, len(prefix)) if delimiter else -1
        if end >= 0:
            common = name[: end + len(delimiter)]
            if common != last:
                yield _Row(common)
            last = common
            continue
        versions = list(bucket.keys.getlist(name, []))[::-1]
        for number, version in enumerate(versions):
            version.is_latest = number == 0
        behind = versions if name != key_marker else _behind(versions, version_marker)
        yield from (_Row(name, version) for version in behind)


def _behind(versions: list[Any], version_marker: str) -> list[Any]:
    """Return what is older than the version; all of it if the version was deleted meanwhile."""
    ids = [_id(version) for version in versions]
    if not version_marker:
        return []
    return versions[ids.index(version_marker) + 1 :] if version_marker in ids else versions


def _id(version: Any) -> str:
    return version.version_id or "null"
