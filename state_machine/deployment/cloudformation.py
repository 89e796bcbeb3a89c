"""What resources say of themselves in a template, in the form that CloudFormation takes.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/
"""

from typing import Any

CfnResource = dict[str, Any]
# What a stack leaves behind when it is deleted, as `retrain destroy` does.
RETAINED = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}


def logical_id(purpose: str, kind: str) -> str:
    """Return the name within the template: of `on_upload` and `Role`, it is `OnUploadRole`."""
    words = purpose.replace("-", "_").split("_")
    return "".join(word.capitalize() for word in words) + kind


def resource(kind: str, properties: dict[str, Any], **attributes: Any) -> CfnResource:
    """Return a resource; `attributes` stand beside its properties."""
    return {"Type": f"AWS::{kind}", **attributes, "Properties": properties}
