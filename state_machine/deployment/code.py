"""The jobs' code in the bucket of a stage."""

import hashlib
from typing import TYPE_CHECKING, Any

from lambdas.boundary.s3_objects import read_body
from state_machine.artifacts.bundle import PREFIX, Bundle
from state_machine.deployment.resource import Resource, Rights, Setting
from state_machine.errors import DeploymentError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

RIGHTS = Rights(
    "objects",
    ("s3:GetObject", "s3:PutObject"),
    lambda names, _: f"{names.bucket_arn}/{PREFIX}sourcedir.tar.gz",
)


class Code(Resource):
    """The jobs' code, below its digest. Earlier bundles stay: their runs can be reproduced.

    CloudFormation puts no objects: with a template, `aws s3 cp` does.
    """

    kind = "code"

    def __init__(self, bundle: Bundle, s3: "S3Client") -> None:
        self.name = bundle.prefix[:17]
        self._bundle = bundle
        self._s3 = s3

    def exists(self) -> bool:
        """Tell whether all files of the bundle are in the bucket, which may not be there yet."""
        try:
            return self._names() >= set(self._bundle.files)
        except self._s3.exceptions.NoSuchBucket:
            return False

    def create(self) -> None:
        """Put the bundle's files where its digest says."""
        self._refuse_others()
        for name, content in self._bundle.files.items():
            key = f"{self._bundle.prefix}{name}"
            self._s3.put_object(Bucket=self._bundle.bucket, Key=key, Body=content)

    def delete(self) -> None:
        """Delete the bundle's files; it is data of the bucket, and goes with it."""
        for name in self._bundle.files:
            self._s3.delete_object(Bucket=self._bundle.bucket, Key=f"{self._bundle.prefix}{name}")

    def settings(self) -> list[Setting]:
        """The content, which the digest in the name promises: jobs run it."""
        digests = {name: _sha256(content) for name, content in self._bundle.files.items()}
        return [Setting("content", digests, self._found, self._refuse)]

    def _found(self) -> dict[str, str]:
        """Return the digest of each file.

        Raises:
            DeploymentError: one is not what was put there, so somebody has replaced it, or there
                is another file, which each job would get with the code.
        """
        self._refuse_others()
        return {name: self._digest(name, content) for name, content in self._bundle.files.items()}

    def _names(self) -> set[str]:
        """Return the names of the files below the bundle's digest."""
        prefix = self._bundle.prefix
        found = self._s3.list_objects_v2(Bucket=self._bundle.bucket, Prefix=prefix)
        return {item["Key"].removeprefix(prefix) for item in found.get("Contents", ())}

    def _refuse_others(self) -> None:
        for name in sorted(self._names() - set(self._bundle.files)):
            raise DeploymentError(
                f"s3://{self._bundle.bucket}/{self._bundle.prefix}{name}: somebody has put it "
                "beside the code, where each job gets it; delete it, and deploy again"
            )

    def _digest(self, name: str, content: bytes) -> str:
        key = f"{self._bundle.prefix}{name}"
        body = self._s3.get_object(Bucket=self._bundle.bucket, Key=key)["Body"]
        found, expected = _sha256(read_body(body, len(content))), _sha256(content)
        if found != expected:
            raise DeploymentError(
                f"s3://{self._bundle.bucket}/{key}: found the SHA-256 {found}, expected "
                f"{expected}: somebody has replaced the code that jobs run. See its versions for "
                f"when, delete it, and deploy again"
            )
        return found

    def _refuse(self, _: Any) -> None:
        """Put nothing: what is there was put by `create`, or is refused by `_found`."""

    def holds(self) -> str:
        """Say whether there are runs, which may have been made with it."""
        runs = self._s3.list_objects_v2(Bucket=self._bundle.bucket, Prefix="runs/", MaxKeys=1)
        return "what runs were made with" if runs["KeyCount"] else ""


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
