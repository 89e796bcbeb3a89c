"""A bucket is emptied whatever its keys are."""

from collections.abc import Iterator
from typing import Any
from xml.parsers.expat import ExpatError, ParserCreate
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state_machine.deployment.bucket import Bucket
from state_machine.names import Names

NAMES = Names("retrain", "dev", "123456789012", "us-east-1")


class S3:
    """Versions of keys; like S3, it takes no DeleteObjects that is no XML."""

    def __init__(self, keys: list[str]) -> None:
        self.left = [{"Key": key, "VersionId": f"v{number}"} for number, key in enumerate(keys)]
        self.deleted = False

    def get_paginator(self, _operation: str) -> "S3":
        return self

    def paginate(self, **_request: Any) -> Iterator[dict[str, Any]]:
        half = len(self.left) // 2
        yield {"Versions": self.left[:half], "DeleteMarkers": self.left[half:]}

    def delete_objects(self, *, Bucket: str, Delete: dict[str, Any]) -> None:
        assert Delete["Objects"], "MalformedXML"
        for each in Delete["Objects"]:
            ParserCreate().Parse(f"<Key>{escape(each['Key'])}</Key>".encode(), True)
            self.left = [version for version in self.left if version != each]

    def delete_object(self, *, Bucket: str, **version: str) -> None:
        self.left = [each for each in self.left if each != version]

    def delete_bucket(self, *, Bucket: str) -> None:
        assert self.left == [], "BucketNotEmpty"
        self.deleted = True


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1)))
def test_every_version_is_deleted_whatever_xml_holds(keys: list[str]) -> None:
    s3: Any = S3(keys)
    Bucket(NAMES, s3).delete()
    assert s3.deleted


def test_the_fake_is_as_strict_as_xml() -> None:
    s3 = S3([])
    with pytest.raises(ExpatError):
        s3.delete_objects(Bucket="b", Delete={"Objects": [{"Key": "\x1b", "VersionId": "v"}]})
