"""The code bundle that the payloads in ``tests/events`` name, as it lies in a fake bucket."""

import hashlib
from collections.abc import Mapping

from tests.fakes.s3 import FakeS3

CODE = {"sourcedir.tar.gz": b"the scripts", "process.sh": b"the entry script"}
CODE_SHA256 = hashlib.sha256(b"".join(CODE.values())).hexdigest()


def place_code(s3: FakeS3, bucket: str, files: Mapping[str, bytes] = CODE) -> dict[str, str]:
    """Put a bundle where `retrain deploy` would; return what a run's plan says of it."""
    sha256 = hashlib.sha256(b"".join(files.values())).hexdigest()
    for file, content in files.items():
        s3.upload(bucket, f"code/{sha256}/{file}", content)
    return {"s3_uri": f"s3://{bucket}/code/{sha256}/", "sha256": sha256}
