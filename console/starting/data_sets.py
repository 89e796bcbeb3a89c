"""The data sets in the bucket, as a form offers them."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lambdas.data_sets import manifest
from lambdas.data_sets.completeness import judge
from lambdas.data_sets.data_sets import DataSets


@dataclass(frozen=True)
class Offer:
    """A data set: when it was written to last, its bytes, and why it is incomplete, if it is."""

    name: str
    written: datetime
    size: int
    incomplete: str

    @property
    def complete(self) -> bool:
        """Whether an execution can be started on it."""
        return not self.incomplete


def offers(data_sets: DataSets) -> list[Offer]:
    """All of them, the one that was written to last first.

    One listing tells of all; only where a manifest says what belongs to one it is looked at closer.
    """
    files: dict[str, dict[str, Any]] = defaultdict(dict)
    pages = data_sets.s3.get_paginator("list_objects_v2").paginate(
        Bucket=data_sets.bucket, Prefix=data_sets.prefix
    )
    for item in (item for page in pages for item in page.get("Contents", ())):
        if place := data_sets.place(item["Key"]):
            dataset, file = place
            files[dataset][file] = item
    found = [_offer(data_sets, name, items) for name, items in files.items()]
    return sorted(found, key=lambda offer: (offer.written, offer.name), reverse=True)


def _offer(data_sets: DataSets, name: str, items: Mapping[str, Any]) -> Offer:
    if manifest.FILE_NAME in items:
        incomplete = data_sets.find(name).incomplete
    else:
        sizes = {file: item["Size"] for file, item in items.items()}
        incomplete = judge(sizes, data_sets.required_files).incomplete
    return Offer(
        name=name,
        written=max(item["LastModified"] for item in items.values()),
        size=sum(item["Size"] for item in items.values()),
        incomplete=incomplete,
    )
