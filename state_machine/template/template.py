"""One CloudFormation template of what a deployment makes: the same things by the same names.

A template is of one stage and one region, and of any account. The region decides which of AWS's
image repositories the jobs pull from. The account is `${AWS::AccountId}` in all names.
"""

import re
from typing import Any

from state_machine.deployment.cloudformation import CfnResource
from state_machine.deployment.stage import StageDeployment
from state_machine.names import Names

_PSEUDO = re.compile(r"\$\{(AWS::(?:AccountId|Partition))\}")
_OTHER_VARIABLE = re.compile(r"\$\{(?!AWS::(?:AccountId|Partition)\})")


def template_names(name: str, stage: str, region: str, role_path: str = "/") -> Names:
    """The names of a stage in whatever account the stack is created in."""
    return Names(name, stage, "${AWS::AccountId}", region, "${AWS::Partition}", role_path)


def template(stage: StageDeployment) -> dict[str, Any]:
    """Return the template of a stage whose names are `template_names`.

    The jobs' code has to be copied into the stack's bucket; the Lambdas' zip has to be in the
    bucket that the parameter ArtifactsBucket names before.

    Raises:
        DeploymentError: pip or Chalice failed, so that there is no zip.
    """
    names = stage.names
    found: dict[str, CfnResource] = {}
    for resource in stage.resources():
        if resource.wanted:
            found |= resource.template()
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"{names.prefix}: model retraining on Step Functions and SageMaker, "
        f"in {names.region}",
        "Parameters": {"ArtifactsBucket": _artifacts_bucket()},
        "Rules": {"Region": _only_in(names.region)},
        "Resources": substituted(found),
        "Outputs": substituted(_outputs(names)),
    }


def substituted(value: Any) -> Any:
    """Have CloudFormation fill in account and partition wherever a text names them."""
    if isinstance(value, dict):
        return {key: substituted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [substituted(item) for item in value]
    if not isinstance(value, str):
        return value
    if alone := _PSEUDO.fullmatch(value):
        return {"Ref": alone[1]}
    if _PSEUDO.search(value):
        return {"Fn::Sub": _OTHER_VARIABLE.sub("${!", value)}
    return value


def _artifacts_bucket() -> dict[str, str]:
    return {
        "Type": "String",
        "Description": "The bucket of this account and region that holds the zip of the Lambdas",
        "AllowedPattern": "[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
    }


def _only_in(region: str) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html"""
    return {
        "Assertions": [
            {
                "Assert": {"Fn::Equals": [{"Ref": "AWS::Region"}, region]},
                "AssertDescription": f"This template was packaged for {region}: run "
                f"`retrain package` with AWS_DEFAULT_REGION set to another region",
            }
        ]
    }


def _outputs(names: Names) -> dict[str, Any]:
    return {
        "Bucket": {
            "Description": "Takes the jobs' code below code/, and data sets below raw_data/",
            "Value": names.bucket,
        },
        "StateMachineArn": {
            "Description": "What runs when a data set is complete",
            "Value": names.state_machine_arn,
        },
    }
