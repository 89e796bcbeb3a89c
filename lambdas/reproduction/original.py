"""The inputs of a run that was, for a run that is to have exactly the same.

What the plan of the original names must still be there and unchanged: otherwise a difference in the
result would say nothing.
"""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import fastjsonschema
from botocore.exceptions import ClientError

from lambdas.boundary import archives
from lambdas.boundary.s3_objects import GONE, error_code, split_uri
from lambdas.boundary.schema_errors import explanation
from lambdas.data_sets.data_sets import DataSet, ObjectVersion
from lambdas.data_sets.source_data import check_shares, place
from lambdas.errors import CodeError, ReproductionError, ShardingError
from lambdas.runs import files as run_files
from lambdas.runs import instances
from lambdas.runs.code import check_code

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

INPUTS = ("dataset", "preprocessing", "hyperparameters", "code")
# Named by the plans of runs that had a choice; the others ran on the deployed types. Older plans
# name their images by tag, or not at all.
OPTIONAL_INPUTS = ("instance_types", "images", "image_tags")


def inputs_of(
    s3: "S3Client", bucket: str, run_id: str, hyperparameters: Collection[str]
) -> dict[str, Any]:
    """Return ``dataset``, ``preprocessing``, ``hyperparameters`` and ``code`` of a run's plan.

    And its ``instance_types``, ``images`` and ``image_tags``, if it names them. ``dataset.s3_uri``
    is the run's own copy of its data. ``hyperparameters`` are the names that the deployed state
    machine hands on: where they are others than the run's, it cannot be reproduced.

    Raises ReproductionError in one line. Other errors of S3 are raised as they are.
    """
    try:
        plan = _plan(s3, f"s3://{bucket}/runs/{run_id}/run.json")
        _check_hyperparameters(plan["hyperparameters"], hyperparameters)
        _check_data(s3, plan["dataset"])
        check_code(s3, plan["code"])
        for instance_type in plan.get("instance_types", {}).values():
            instances.of_job(instance_type)
    except (ValueError, CodeError) as error:
        raise ReproductionError(f"run {run_id} cannot be reproduced: {error}") from error
    return {name: plan[name] for name in (*INPUTS, *OPTIONAL_INPUTS) if name in plan}


def check_sharding(run_id: str, dataset: Mapping[str, Any], instance_count: int) -> None:
    """Raise ReproductionError where so many instances cannot read the run's copy of its data.

    What they write is the same however many they are. One reads any copy, several only one that was
    laid out for several, of as many files or more.
    """
    laid_out = _sharding(dataset)
    files = (version["key"].rsplit("/", 1)[-1] for version in dataset["objects"])
    try:
        if instance_count > 1 and laid_out["instance_count"] == 1:
            raise ShardingError(
                "its copy of the data is laid out for one instance, the deployed pipeline has "
                f"{instance_count}; deploy [preprocessing] instance_count = 1"
            )
        check_shares(files, {**laid_out, "instance_count": instance_count})
    except ShardingError as error:
        raise ReproductionError(f"run {run_id} cannot be reproduced: {error}") from error


def _plan(s3: "S3Client", uri: str) -> dict[str, Any]:
    plan = run_files.read(s3, uri)
    if plan is None:
        raise ValueError(
            f"{uri} is missing; `retrain models show VERSION` names the run of a version"
        )
    try:
        _check_shape(plan)
    except fastjsonschema.JsonSchemaValueException as error:
        raise ValueError(f"{uri}: {explanation(error, 'run.json')}") from error
    return plan


def _check_hyperparameters(found: Mapping[str, str], handed_on: Collection[str]) -> None:
    if set(found) != set(handed_on):
        raise ValueError(
            f"it was trained with the hyperparameters {', '.join(sorted(found))}, the deployed "
            f"pipeline has {', '.join(sorted(handed_on))}; deploy a pipeline.toml that has the same"
        )


def _sharding(dataset: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return how a run's copy of its data is laid out; plans that do not say are older."""
    found: Mapping[str, Any] = dataset.get("sharding", {"instance_count": 1})
    return found


def _check_data(s3: "S3Client", dataset: Mapping[str, Any]) -> None:
    objects = tuple(ObjectVersion(**version) for version in dataset["objects"])
    named = DataSet(dataset["name"], dataset["s3_uri"], objects, missing=())
    if named.fingerprint != dataset["fingerprint"]:
        raise ValueError(
            f"run.json names objects with fingerprint {named.fingerprint}, expected "
            f"{dataset['fingerprint']}, which it states as well: it was changed"
        )
    for version in objects:
        _check_copy(s3, version, f"{named.s3_uri}{place(version.file, _sharding(dataset))}")


def _check_copy(s3: "S3Client", version: ObjectVersion, uri: str) -> None:
    bucket, key = split_uri(uri)
    try:
        found = s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error_code(error) not in GONE:
            raise
        raise ValueError(f"{uri}, its copy of the data, is gone") from error
    if archives.archive(found):
        raise ValueError(archives.refusal(s3, bucket, key, "null"))
    if found["ContentLength"] != version.size:
        raise ValueError(
            f"{uri} has {found['ContentLength']} bytes, expected {version.size}: it was overwritten"
        )
    etag = found["ETag"].strip('"')
    if etag != version.etag and _is_md5(etag, found) and _is_md5(version.etag, found):
        raise ValueError(f"{uri} has ETag {etag}, expected {version.etag}: it was overwritten")


def _is_md5(etag: str, head: Mapping[str, Any]) -> bool:
    """Tell whether an ETag is a digest: not of an upload in parts, nor where a key of KMS encrypts.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
    """
    return "-" not in etag and head.get("ServerSideEncryption", "AES256") == "AES256"


def _object(description: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": list(properties),
    }


_TEXT = {"type": "string", "description": "a text"}
_FOLDER = {
    "type": "string",
    "description": "s3://<bucket>/<folder>/",
    "pattern": "^s3://[^/]+/.+/$",
}
_SETTINGS = {
    "type": "object",
    "description": "texts by name",
    "additionalProperties": _TEXT,
}
_VERSION = {
    **_object(
        "key, version_id, etag and size of an object",
        key=_TEXT,
        version_id=_TEXT,
        etag=_TEXT,
        size={"type": "integer", "description": "a number of bytes"},
    ),
    "additionalProperties": False,
}
_PLAN = _object(
    "the plan of a run, as PrepareRun writes it",
    dataset=_object(
        "name, s3_uri, fingerprint and objects",
        name=_TEXT,
        s3_uri=_FOLDER,
        fingerprint=_TEXT,
        objects={
            "type": "array",
            "description": "at least one object",
            "minItems": 1,
            "items": _VERSION,
        },
    ),
    preprocessing={**_SETTINGS, "required": ["validation_fraction", "seed"]},
    hyperparameters=_SETTINGS,
    code=_object("s3_uri and sha256", s3_uri=_FOLDER, sha256=_TEXT),
)
_PLAN["properties"]["instance_types"] = {
    "type": "object",
    "description": "types by job",
    "additionalProperties": {**_TEXT, "pattern": instances.TYPE},
}
for _name in ("images", "image_tags"):
    _PLAN["properties"][_name] = {
        "type": "object",
        "description": "images by job",
        "additionalProperties": _TEXT,
    }
_check_shape = fastjsonschema.compile(_PLAN)
