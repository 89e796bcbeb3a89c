"""Keys of log groups that are there already, which moto does not implement.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_AssociateKmsKey.html
"""

from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.models import LogGroup
from moto.logs.responses import LogsResponse

from local_aws.wrapping import replace


def install() -> None:
    """Add the two operations to moto's."""
    replace(LogsResponse, associate_kms_key=_associate, disassociate_kms_key=_disassociate)


def _associate(self: LogsResponse) -> str:
    _group(self).kms_key_id = self._get_param("kmsKeyId")
    return ""


def _disassociate(self: LogsResponse) -> str:
    _group(self).kms_key_id = None
    return ""


def _group(response: LogsResponse) -> LogGroup:
    found = response.logs_backend.groups.get(response._get_param("logGroupName"))
    if found is None:
        raise ResourceNotFoundException
    return found
