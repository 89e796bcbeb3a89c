"""What this package changes of moto, in the order in which it is changed.

Of two extensions that wrap the same function of moto's the later one is called first.
"""

from local_aws import (
    authorization,
    cloudformation,
    eventbridge,
    eventbridge_sources,
    iam_simulation,
    lambda_destinations,
    lambda_functions,
    lambda_roles,
    logs_filter,
    logs_store,
    role_sessions,
    s3_conditional,
    s3_events,
    s3_handover,
    s3_policies,
    s3_store,
    sagemaker_experiments,
    sagemaker_jobs,
    sagemaker_registry,
    service_quotas,
    sns_subscriptions,
    state_services,
    stepfunctions_calls,
    stepfunctions_executions,
    stepfunctions_redrive,
    stepfunctions_roles,
    stepfunctions_sagemaker,
    stepfunctions_state,
    stepfunctions_traces,
    validation,
)
from local_aws.context import Context


def install(context: Context) -> None:
    """Install every extension into moto, and into the server that the context describes."""
    state_services.install(context.state)
    s3_store.install(context)
    s3_handover.install()
    logs_filter.install()
    logs_store.install(context)
    role_sessions.install()
    authorization.install()
    s3_policies.install()
    validation.install()
    lambda_functions.install(context)
    lambda_roles.install()
    lambda_destinations.install()
    eventbridge.install(context)
    sns_subscriptions.install()
    s3_conditional.install()
    s3_events.install(context)
    sagemaker_jobs.install(context)
    sagemaker_experiments.install()
    sagemaker_registry.install()
    stepfunctions_calls.install(context)
    stepfunctions_roles.install()
    stepfunctions_sagemaker.install()
    stepfunctions_executions.install()
    stepfunctions_redrive.install()
    stepfunctions_state.install(context)
    stepfunctions_traces.install(context)
    eventbridge_sources.install()
    service_quotas.install(context)
    iam_simulation.install()
    cloudformation.install()
