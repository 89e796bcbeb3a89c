"""DynamoDB refuses the name of a table that no table can have, before it looks for the table.

botocore's model lacks the pattern, since an ARN may stand for the name.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
"""

import json
import re
from uuid import uuid4

from moto.core.responses import TYPE_RESPONSE
from moto.dynamodb.responses import DynamoHandler

from local_aws.wrapping import Original, wrap

_PATTERN = "[a-zA-Z0-9_.-]+"
_ERROR = "com.amazon.coral.validate#ValidationException"


def install() -> None:
    """Check the name of each request's table."""
    wrap(DynamoHandler, "call_action", _call)


def _call(original: Original, self: DynamoHandler) -> TYPE_RESPONSE:
    name = getattr(self, "params", {}).get("TableName")
    if isinstance(name, str) and not name.startswith("arn:") and not re.fullmatch(_PATTERN, name):
        return _refusal(
            f"1 validation error detected: Value '{name}' at 'tableName' failed to satisfy "
            f"constraint: Member must satisfy regular expression pattern: {_PATTERN}"
        )
    answer: TYPE_RESPONSE = original(self)
    return answer


def _refusal(message: str) -> TYPE_RESPONSE:
    body = json.dumps({"__type": _ERROR, "message": message})
    return 400, {"x-amzn-requestid": str(uuid4()), "status": "400"}, body
