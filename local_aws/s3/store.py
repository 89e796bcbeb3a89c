"""S3's part of the state: an item for each bucket, each key with its versions, and each upload.

The bytes of objects are files below `<data folder>/objects`, written once. A file is removed when
the item that named it is on disk without it, so that no saved key lacks its bytes.

What else this changes of moto 5.2: listing versions copies no bytes, and those of large objects are
no temporary files.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from moto.s3.models import (
    FakeBucket,
    FakeKey,
    FakeMultipart,
    MultipartDict,
    S3Backend,
    s3_backends,
)
from moto.s3.utils import _VersionedKeyStore
from moto.utilities.utils import md5_hash

from local_aws.context import Context
from local_aws.s3 import handover
from local_aws.state.moto_services import touch
from local_aws.state.state import State
from local_aws.state.summary import OBJECTS
from local_aws.wrapping import Original, replace, wrap

NULL = "null"  # the id of a version that was written while versioning was not enabled
BUCKETS, KEYS, UPLOADS = "s3-buckets", "s3-keys", "s3-uploads"

_log = logging.getLogger(__name__)


class Bytes:
    """The bytes of one object: a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def close(self) -> None:
        """Leave the file: it goes when no saved item names it any more."""


class KeptKeys(_VersionedKeyStore):
    """The keys of a bucket; `changed(key)` is told of each that changes.

    Of the versions of a key one at most is the null version: a later one replaces it.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/VersionSuspendedBehavior.html
    """

    def __init__(self, changed: Callable[[str], None]) -> None:
        super().__init__()
        self._changed = changed

    def __setitem__(self, key: str, value: Any) -> None:
        self.setlist(key, [*self.getlist(key, []), value])

    def setlist(self, key: str, list_: list[Any]) -> None:
        """Set all versions of the key, the oldest first."""
        nulls = [version for version in list_ if version.version_id == NULL]
        super().setlist(key, [version for version in list_ if version not in nulls[:-1]])
        self._changed(key)

    def pop(self, key: str) -> None:  # type: ignore[override]
        """Remove all versions of the key."""
        super().pop(key)
        self._changed(key)


class KeptUploads(MultipartDict):
    """The multipart uploads under way in a bucket; who asks for one may change it."""

    def __init__(self, changed: Callable[[str], None]) -> None:
        super().__init__()
        self._changed = changed

    def __getitem__(self, upload_id: str) -> FakeMultipart:
        upload = super().__getitem__(upload_id)
        self._changed(upload_id)
        return upload

    def __setitem__(self, upload_id: str, upload: FakeMultipart) -> None:
        super().__setitem__(upload_id, upload)
        self._changed(upload_id)

    def __delitem__(self, upload_id: str) -> None:
        super().__delitem__(upload_id)
        self._changed(upload_id)


class Store:
    """Reads the items of S3, puts them back, and removes the files that none of them names."""

    def __init__(self, folder: Path, state: State) -> None:
        self._folder = folder
        self._state = state
        self._files: dict[str, set[str]] = {}

    def get_bucket(self, name: str) -> dict[str, Any] | None:
        """Return a bucket without what is in it."""
        bucket = _bucket(name)
        if bucket is None:
            return None
        apart = {"keys", "multiparts"}
        attributes = {each: value for each, value in vars(bucket).items() if each not in apart}
        return {"bucket": attributes, "tags": _tags(bucket).get(bucket.arn)}

    def put_bucket(self, name: str, saved: dict[str, Any]) -> None:
        """Put the bucket back, empty."""
        attributes = saved["bucket"]
        kind: Any = FakeBucket
        bucket = kind(name, attributes["account_id"], attributes["region_name"])
        vars(bucket).update(attributes)
        s3_backends[bucket.account_id][bucket.partition].buckets[name] = bucket
        if saved["tags"]:
            _tags(bucket)[bucket.arn] = saved["tags"]

    def get_key(self, item: str) -> dict[str, Any] | None:
        """Return all versions of a key, and their tags."""
        bucket_name, _, name = item.partition("/")
        bucket = _bucket(bucket_name)
        versions = list(bucket.keys.getlist(name) or []) if bucket else []
        self._note_files(f"{KEYS} {item}", versions)
        if bucket is None or not versions:
            return None
        tags, arns = _tags(bucket), [each.arn for each in versions if isinstance(each, FakeKey)]
        return {"versions": versions, "tags": {arn: tags[arn] for arn in arns if arn in tags}}

    def put_key(self, item: str, saved: dict[str, Any]) -> None:
        """Put the versions of the key back."""
        bucket_name, _, name = item.partition("/")
        bucket = _bucket(bucket_name)
        if bucket:
            bucket.keys.setlist(name, saved["versions"])
            _tags(bucket).update(saved["tags"])
            self._note_files(f"{KEYS} {item}", saved["versions"])

    def get_upload(self, item: str) -> FakeMultipart | None:
        """Return an upload that is under way."""
        bucket_name, _, upload_id = item.partition("/")
        bucket = _bucket(bucket_name)
        upload: FakeMultipart | None = bucket.multiparts.get(upload_id) if bucket else None
        self._note_files(f"{UPLOADS} {item}", list(upload.parts.values()) if upload else [])
        return upload

    def put_upload(self, item: str, upload: FakeMultipart) -> None:
        """Put the upload back."""
        bucket_name, _, upload_id = item.partition("/")
        bucket = _bucket(bucket_name)
        if bucket:
            bucket.multiparts[upload_id] = upload
            self._note_files(f"{UPLOADS} {item}", upload.parts.values())

    def sweep(self) -> None:
        """Remove the files that nothing names: the server was killed before it said so.

        What is set aside may name them: then they stay.
        """
        named = {name for names in self._files.values() for name in names}
        there = {path.name for path in self._folder.iterdir()}
        if self._state.whole:
            _remove(self._folder, there - named)
        for missing in sorted(named - there):
            _log.error("the bytes of an object are gone: %s", self._folder / missing)

    def _note_files(self, item: str, versions: Iterable[Any]) -> None:
        names = {bytes_of(each).name for each in versions if isinstance(each, FakeKey)}
        dropped = self._files.pop(item, set()) - names
        if names:
            self._files[item] = names
        if dropped:
            self._state.after_save(partial(_remove, self._folder, dropped))


def install(context: Context) -> None:
    """Keep buckets, keys and uploads, and have their bytes in files."""
    folder = context.data_folder / OBJECTS
    folder.mkdir(exist_ok=True)
    store = Store(folder, context.state)
    context.state.keep(BUCKETS, store.get_bucket, store.put_bucket)
    context.state.keep(KEYS, store.get_key, store.put_key)
    context.state.keep(UPLOADS, store.get_upload, store.put_upload)
    context.state.after_restore(store.sweep)
    _keep_bytes_in_files(folder)
    _tell_of_changes(context.state)


def _keep_bytes_in_files(folder: Path) -> None:
    def write(key: FakeKey, value: bytes | str) -> None:
        content = value.encode() if isinstance(value, str) else value
        path = folder / uuid4().hex
        if handover.under_way():
            key.contentsize, digest = handover.take(content, path)
        else:
            path.write_bytes(content)
            key.contentsize, digest = len(content), md5_hash(content).hexdigest()
        key._value_buffer = Bytes(path)  # type: ignore[assignment]
        key._etag = key._etag or digest

    def read(key: FakeKey) -> bytes:
        path = bytes_of(key)
        return handover.offer(path) if handover.under_way() else path.read_bytes()

    def state_of(key: FakeKey) -> dict[str, Any]:
        kept = {name: value for name, value in vars(key).items() if name != "lock"}
        return {**kept, "_value_buffer": bytes_of(key).name}

    def set_state(key: FakeKey, state: dict[str, Any]) -> None:
        vars(key).update(state, lock=threading.Lock())
        key._value_buffer = Bytes(folder / state["_value_buffer"])  # type: ignore[assignment]

    def copied(key: FakeKey, _memo: dict[int, Any]) -> FakeKey:
        copy: FakeKey = object.__new__(type(key))
        vars(copy).update(vars(key))
        return copy

    replace(
        FakeKey,
        value=property(read, write),
        __getstate__=state_of,
        __setstate__=set_state,
        __deepcopy__=copied,
        __del__=lambda _: None,  # moto would warn, and close what copies share
    )


def bytes_of(key: FakeKey) -> Path:
    """Return the file with the bytes of the object."""
    kept: Any = key._value_buffer
    path: Path = kept.path
    return path


def _tell_of_changes(state: State) -> None:
    """Mark what a request changes; outside of requests, at once."""

    def changed(part: str, bucket: str, name: str) -> None:
        item = f"{bucket}/{name}"
        if not touch(part, item):
            state.changed(part, item)

    def new_bucket(
        original: Original, bucket: FakeBucket, name: str, *arguments: Any, **options: Any
    ) -> None:
        original(bucket, name, *arguments, **options)
        bucket.keys = KeptKeys(partial(changed, KEYS, name))
        bucket.multiparts = KeptUploads(partial(changed, UPLOADS, name))

    def get_bucket(original: Original, backend: S3Backend, bucket_name: str) -> FakeBucket:
        if bucket_name:  # a request without one is answered by S3 too
            touch(BUCKETS, bucket_name)
        return original(backend, bucket_name)

    def get_object(
        original: Original,
        backend: S3Backend,
        bucket_name: str,
        key_name: str,
        *more: Any,
        **options: Any,
    ) -> FakeKey | None:
        if bucket_name:
            touch(KEYS, f"{bucket_name}/{key_name}")
        return original(backend, bucket_name, key_name, *more, **options)

    wrap(FakeBucket, "__init__", new_bucket)
    wrap(S3Backend, "get_bucket", get_bucket)
    wrap(S3Backend, "get_object", get_object)


def _bucket(name: str) -> FakeBucket | None:
    partition, account = s3_backends.bucket_accounts.get(name, ("", ""))
    return s3_backends[account][partition].buckets.get(name) if account else None


def _tags(bucket: FakeBucket) -> dict[str, dict[str, str | None]]:
    return s3_backends[bucket.account_id][bucket.partition].tagger.tags


def _remove(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        (folder / name).unlink(missing_ok=True)
