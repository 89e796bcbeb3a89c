"""Functions of CloudFormation, their versions, permissions and event invoke configs.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Lambda.html
"""

import io
import zipfile
from uuid import uuid4

import boto3

from local_aws.cloudformation.properties import (
    Made,
    Properties,
    removed_if_it_fails,
    tags_of,
    without,
)

Session = boto3.Session
_RESERVED = "ReservedConcurrentExecutions"


def create_function(session: Session, properties: Properties) -> Made:
    """Make the function, and reserve what its properties reserve."""
    lambdas = session.client("lambda")
    given = {**_function(properties), "Code": _code(properties), "Tags": tags_of(properties)}
    answer = lambdas.create_function(**given)
    name = answer["FunctionName"]
    with removed_if_it_fails(lambda: lambdas.delete_function(FunctionName=name)):
        _reserve(session, name, properties)
    return answer["FunctionName"], {"Arn": answer["FunctionArn"]}


def _function(properties: Properties) -> Properties:
    """Lambda spells the name of the key in capitals."""
    given = without(properties, _RESERVED)
    return {"KMSKeyArn" if name == "KmsKeyArn" else name: it for name, it in given.items()}


def _code(properties: Properties) -> Properties:
    """Return the code as Lambda takes it; source in the template is a module named `index`.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-code.html
    """
    code: Properties = properties["Code"]
    if "ZipFile" not in code:
        return code
    runtime = str(properties.get("Runtime", ""))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "index.js" if runtime.startswith("nodejs") else "index.py", code["ZipFile"]
        )
    return {**code, "ZipFile": packed.getvalue()}


def _reserve(session: Session, name: str, properties: Properties) -> None:
    if _RESERVED in properties:
        session.client("lambda").put_function_concurrency(
            FunctionName=name, ReservedConcurrentExecutions=properties[_RESERVED]
        )


def change_function(session: Session, name: str, properties: Properties) -> None:
    """Put code and configuration."""
    lambdas = session.client("lambda")
    lambdas.update_function_code(FunctionName=name, **_code(properties))
    given = _function(without(properties, "Code", "Tags"))
    answer = lambdas.update_function_configuration(**given)
    _reserve(session, name, properties)
    if tags := tags_of(properties):
        lambdas.tag_resource(Resource=answer["FunctionArn"], Tags=tags)


def create_version(session: Session, properties: Properties) -> Made:
    """Publish; that nothing has changed is an error of CloudFormation's, as people report it."""
    lambdas = session.client("lambda")
    name = properties["FunctionName"]
    pages = lambdas.get_paginator("list_versions_by_function").paginate(FunctionName=name)
    before = {version["Version"] for page in pages for version in page["Versions"]}
    answer = lambdas.publish_version(**properties)
    number = str(answer["Version"])
    if number in before:
        from moto.cloudformation.exceptions import ValidationError  # noqa: PLC0415 (see engine)

        raise ValidationError(
            message=f"A version for this Lambda function exists ( {number} ). "
            "Modify the function to create a new version."
        )
    return answer["FunctionArn"], {"FunctionArn": answer["FunctionArn"], "Version": number}


def remove_version(session: Session, arn: str, _: Properties) -> None:
    """Delete the version."""
    name, number = arn.rsplit(":", 1)
    session.client("lambda").delete_function(FunctionName=name, Qualifier=number)


def create_permission(session: Session, properties: Properties) -> Made:
    """Let somebody invoke the function."""
    statement = f"stack-{uuid4()}"
    session.client("lambda").add_permission(StatementId=statement, **properties)
    return statement, {}


def remove_permission(session: Session, statement: str, properties: Properties) -> None:
    """Let them no more."""
    function = properties["FunctionName"]
    session.client("lambda").remove_permission(FunctionName=function, StatementId=statement)


def change_permission(session: Session, statement: str, properties: Properties) -> None:
    """Put the statement in the place of the one before."""
    remove_permission(session, statement, properties)
    session.client("lambda").add_permission(StatementId=statement, **properties)


def create_invocation(session: Session, properties: Properties) -> Made:
    """Say what becomes of asynchronous events."""
    session.client("lambda").put_function_event_invoke_config(**properties)
    return f"{properties['FunctionName']}|{properties['Qualifier']}", {}


def remove_invocation(session: Session, _: str, properties: Properties) -> None:
    """Say nothing of them."""
    named = {key: properties[key] for key in ("FunctionName", "Qualifier")}
    session.client("lambda").delete_function_event_invoke_config(**named)
