"""AWS's SDK in the zip of the Lambdas: the one that is tested, for the services that they call.

Lambda's Python brings an SDK along, an older one, which AWS replaces when it likes:
https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html#python-runtime-sdk-included
Most of botocore are descriptions of services, 20 MB of the zip without this.
"""

import shutil
from pathlib import Path

# Whatever a Lambda has a client of, or reads the description of. A test holds the list to app.py
# and lambdas/: a client of another service fails in Lambda with UnknownServiceError.
SERVICES = frozenset({"ecr", "s3", "sagemaker", "sns", "stepfunctions"})


# Large files that nothing here reads: a web page of powertools' and dateutil's own time zones.
UNREAD = (
    "aws_lambda_powertools/event_handler/openapi/swagger_ui/*.min.*",
    "dateutil/zoneinfo/*.tar.gz",
)


def trim(site_packages: Path) -> None:
    """Remove the descriptions of all services but SERVICES, and what is UNREAD."""
    for pattern in UNREAD:
        for path in site_packages.glob(pattern):
            path.unlink()
    for package in ("boto3", "botocore"):
        for service in site_packages.glob(f"{package}/data/*/"):
            if service.is_dir() and service.name not in SERVICES:
                shutil.rmtree(service)
