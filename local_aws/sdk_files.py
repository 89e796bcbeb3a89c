"""Files in the data folder by which AWS's SDKs for Python ask this server, and nobody else.

AWS_ENDPOINT_URL does not count where a program names an endpoint of its own. The SageMaker SDK does
so for each call of STS, which then goes to https://sts.<region>.amazonaws.com. botocore decides by
the endpoint rules of a service where a call goes, and reads those rules from AWS_DATA_PATH before
its own. docs/decisions/0021-sdks-that-name-endpoints.md
"""

import json
from pathlib import Path
from typing import Any

_FOLDER = "sdk"
# The version of STS's API, the only one since 2011, by which botocore files its rules.
_STS_RULES = Path("sts", "2011-06-15", "endpoint-rule-set-1.json")
_SAGEMAKER = Path("sagemaker", "config.yaml")
# https://docs.aws.amazon.com/general/latest/gr/rande.html
_AWS_DOMAINS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")
# What botocore tells the rules, by the names in https://docs.aws.amazon.com/sdkref/latest/guide
_PARAMETERS: dict[str, dict[str, Any]] = {
    "Region": {"builtIn": "AWS::Region", "type": "string", "required": False},
    "Endpoint": {"builtIn": "SDK::Endpoint", "type": "string", "required": False},
    **{
        name: {"builtIn": builtin, "type": "boolean", "required": True, "default": False}
        for name, builtin in (
            ("UseDualStack", "AWS::UseDualStack"),
            ("UseFIPS", "AWS::UseFIPS"),
            ("UseGlobalEndpoint", "AWS::STS::UseGlobalEndpoint"),
        )
    },
}
# https://sagemaker.readthedocs.io/en/stable/overview.html#configuring-and-using-defaults-with-the-sagemaker-python-sdk
_SAGEMAKER_SETTINGS = {
    "SchemaVersion": "1.0",
    "SageMaker": {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}},
}


def write(data_folder: Path, endpoint: str) -> None:
    """Write the files for the server at `endpoint`, whole or not at all."""
    _write(folder(data_folder) / "botocore" / _STS_RULES, _sts_rules(endpoint))
    _write(folder(data_folder) / _SAGEMAKER, _SAGEMAKER_SETTINGS)  # JSON is YAML


def folder(data_folder: Path) -> Path:
    """Return where the files lie, which hold no secret: each program that asks AWS reads them."""
    return data_folder.resolve() / _FOLDER


def variables(files: Path) -> dict[str, str]:
    """Return the variables that name the files, in that folder, to botocore and the SageMaker SDK.

    The SDK's two files of settings, the administrator's and the user's, are of another account:
    they name its roles and buckets.
    """
    return {
        "AWS_DATA_PATH": str(files / "botocore"),
        "SAGEMAKER_ADMIN_CONFIG_OVERRIDE": str(files / _SAGEMAKER),
        "SAGEMAKER_USER_CONFIG_OVERRIDE": str(files / _SAGEMAKER),
    }


def _sts_rules(endpoint: str) -> dict[str, Any]:
    """Have calls of STS go to `endpoint`, but where a program names a server that is not AWS's."""
    given = {"ref": "Endpoint"}
    is_given = {"fn": "isSet", "argv": [given]}
    parsed = {"fn": "parseURL", "argv": [given], "assign": "url"}
    host = {"fn": "getAttr", "argv": [{"ref": "url"}, "authority"]}
    of_aws = [
        _rule([is_given, parsed, *_ends_with(host, domain)], endpoint) for domain in _AWS_DOMAINS
    ]
    return {
        "version": "1.0",
        "parameters": _PARAMETERS,
        "rules": [*of_aws, _rule([is_given], given), _rule([], endpoint)],
    }


def _rule(conditions: list[dict[str, Any]], url: Any) -> dict[str, Any]:
    endpoint = {"url": url, "properties": {}, "headers": {}}
    return {"type": "endpoint", "conditions": conditions, "endpoint": endpoint}


def _ends_with(text: dict[str, Any], end: str) -> list[dict[str, Any]]:
    """Return the conditions for that; `substring` counts from the end, as its last argument says.

    A text that is shorter has no such substring, and the rule does not hold.
    """
    return [
        {"fn": "substring", "argv": [text, 0, len(end), True], "assign": "end"},
        {"fn": "stringEquals", "argv": [{"ref": "end"}, end]},
    ]


def _write(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(json.dumps(content), encoding="utf-8")
    partial.replace(path)
