"""The Lambdas of a stage and what invokes them, as CloudFormation's resource types."""

from typing import Any

from state_machine.artifacts.chalice_app import ChaliceApp
from state_machine.artifacts.lambda_zip import RUNTIME, LambdaZip
from state_machine.config import PipelineConfig
from state_machine.deployment import triggers
from state_machine.deployment.functions import event_invocation, rule_matches, wanted_functions
from state_machine.deployment.messaging import FAILED_EVENTS
from state_machine.deployment.policies import ASYNCHRONOUS
from state_machine.names import Names
from state_machine.template.resources import CfnResource, logical_id, resource


def function_resources(
    config: PipelineConfig, names: Names, app: ChaliceApp, package: LambdaZip
) -> dict[str, CfnResource]:
    """The Lambdas; their zip lies in the bucket that the parameter ArtifactsBucket names."""
    code = {"S3Bucket": {"Ref": "ArtifactsBucket"}, "S3Key": package.name}
    tags = [{"Key": key, "Value": value} for key, value in app.tag(package.digest).items()]
    return {
        logical_id(function, "Function"): resource(
            "Lambda::Function",
            {
                "FunctionName": names.function(function),
                "Code": code,
                "Handler": f"app.{function}",
                "Runtime": RUNTIME,
                "Role": names.role_arn(function),
                "Timeout": app.limits(function)["timeout"],
                "MemorySize": app.limits(function)["memory"],
                "Environment": {"Variables": app.variables},
                "Tags": tags,
            },
            # A function that logs before its log group is there makes one that never forgets.
            DependsOn=[logical_id(function, "Role"), logical_id(function, "FunctionLogs")],
        )
        for function in wanted_functions(config)
    }


def failed_event_resources(config: PipelineConfig, names: Names) -> dict[str, CfnResource]:
    """Where the events of each Lambda go that it could not handle."""
    return {
        logical_id(function, "FailedEvents"): resource(
            "Lambda::EventInvokeConfig",
            {
                "FunctionName": _function(function),
                "Qualifier": "$LATEST",
                **event_invocation(names),
            },
            DependsOn=logical_id(FAILED_EVENTS, "Queue"),
        )
        for function in wanted_functions(config)
        if function in ASYNCHRONOUS
    }


def trigger_resources(config: PipelineConfig, names: Names) -> dict[str, CfnResource]:
    """The subscription, the rules, and what lets each source, and no other, invoke its Lambda.

    The bucket names the function that it notifies by itself.
    """
    rules = {
        function: matches
        for function, matches in rule_matches(config, names).items()
        if function in wanted_functions(config)
    }
    return {
        logical_id("on_upload", "Permission"): _permission(
            "on_upload", "s3", names.bucket_arn, SourceAccount=names.account
        ),
        logical_id("on_request", "Permission"): _permission(
            "on_request", "sns", names.topic_arn(triggers.REQUESTS)
        ),
        logical_id("on_request", "Subscription"): _subscription(names),
        **{
            logical_id(function, "Rule"): _rule(function, names, **rules[function])
            for function in rules
        },
        **{
            logical_id(function, "Permission"): _permission(
                function, "events", names.rule_arn(function)
            )
            for function in rules
        },
    }


def _function(function: str) -> dict[str, str]:
    return {"Ref": logical_id(function, "Function")}


def _permission(function: str, service: str, source: str, **more: str) -> CfnResource:
    return resource(
        "Lambda::Permission",
        {
            "Action": "lambda:InvokeFunction",
            "FunctionName": _function(function),
            "Principal": f"{service}.amazonaws.com",
            "SourceArn": source,
            **more,
        },
    )


def _subscription(names: Names) -> CfnResource:
    return resource(
        "SNS::Subscription",
        {
            "TopicArn": {"Ref": logical_id(triggers.REQUESTS, "Topic")},
            "Protocol": "lambda",
            "Endpoint": names.function_arn("on_request"),
        },
        DependsOn=logical_id("on_request", "Permission"),
    )


def _rule(function: str, names: Names, pattern: Any = None, schedule: str = "") -> CfnResource:
    matches = {"ScheduleExpression": schedule} if schedule else {"EventPattern": pattern}
    target = {"Arn": names.function_arn(function), "Id": triggers.CHALICES_TARGET}
    properties = {
        "Name": names.rule(function),
        **matches,
        "State": triggers.ENABLED,
        "Targets": [target],
    }
    return resource("Events::Rule", properties, DependsOn=logical_id(function, "Function"))
