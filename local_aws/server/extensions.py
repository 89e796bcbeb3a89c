"""What this package changes of moto, in the order in which it is changed.

Of two extensions that wrap the same function of moto's the later one is called first. A new
service is installed here.
"""

from local_aws.awslambda import destinations, functions, publishing
from local_aws.awslambda import roles as lambda_roles
from local_aws.awslambda.answers import account, configuration
from local_aws.awslambda.sources import queues
from local_aws.cloudformation import engine
from local_aws.context import Context
from local_aws.ecr import registries
from local_aws.events import bus
from local_aws.iam import (
    authorization,
    aws_policies,
    bucket_policies,
    limits,
    policy_sizes,
    role_calls,
    sessions,
    simulation,
)
from local_aws.iam import past as roles_past
from local_aws.logs import filter as logs_filter
from local_aws.logs import keys as logs_keys
from local_aws.logs import past as logs_past
from local_aws.logs import store as logs_store
from local_aws.messaging import queue_counts, sns
from local_aws.requests import table_names, validation
from local_aws.s3 import (
    conditional,
    copies,
    creation,
    encryption,
    handover,
    listings,
    notification_configuration,
    notifications,
    null_version,
    owners,
    versioning,
    versions,
)
from local_aws.s3 import store as s3_store
from local_aws.sagemaker import actions, experiments, registry
from local_aws.sagemaker import events as sagemaker_events
from local_aws.sagemaker.search import search
from local_aws.server import inner_errors
from local_aws.service_quotas import quotas
from local_aws.state import moto_services
from local_aws.stepfunctions import (
    calls,
    deletion,
    executions,
    kept_executions,
    past,
    redrive,
    sagemaker_task,
    traces,
)
from local_aws.stepfunctions import creation as machine_creation
from local_aws.stepfunctions import events as execution_events
from local_aws.stepfunctions import roles as machine_roles
from local_aws.stepfunctions.integrations import absent, children, errors, tasks
from local_aws.stepfunctions.language import (
    error_names,
    evaluation,
    failures,
    maps,
    outputs,
    paths,
    role_fields,
    variables,
    waits,
)
from local_aws.stepfunctions.operations import installation


def install(context: Context) -> None:
    """Install every extension into moto, and into the server that the context describes."""
    moto_services.install(context.state)
    s3_store.install(context)
    handover.install()
    for of_s3 in (
        copies,
        creation,
        encryption,
        listings,
        owners,
        versions,
        versioning,
        null_version,
    ):
        of_s3.install()
    logs_filter.install()
    logs_keys.install()
    logs_store.install(context)
    logs_past.install()
    sessions.install()
    authorization.install()
    aws_policies.install()
    limits.install(context.service_control)
    bucket_policies.install()
    policy_sizes.install()
    roles_past.install()  # after what refuses a change
    validation.install()
    table_names.install()
    inner_errors.install()
    role_calls.install()  # after the last wrapper of call_action, so it is asked first
    lambdas = functions.install(context)
    queues.install(context, lambdas)
    for of_lambda in (publishing, configuration, account):
        of_lambda.install()
    lambda_roles.install()
    destinations.install()
    registries.install(context)
    bus.install(context)
    sns.install(context)
    queue_counts.install()
    conditional.install()
    notification_configuration.install()
    notifications.install(context)
    _install_sagemaker(context)
    _install_state_machines(context)
    sagemaker_events.install()
    execution_events.install()
    quotas.install(context)
    simulation.install()
    engine.install()


def _install_sagemaker(context: Context) -> None:
    actions.install(context)
    experiments.install()
    search.install()
    registry.install()


def _install_state_machines(context: Context) -> None:
    calls.install(context)
    machine_roles.install()
    machine_creation.install()
    sagemaker_task.install()
    failures.install()
    evaluation.install()
    variables.install()
    outputs.install()
    executions.install()
    absent.install()
    children.install()
    tasks.install()
    errors.install(context.endpoint)
    error_names.install()
    maps.install()
    paths.install()
    role_fields.install()
    waits.install()
    redrive.install()
    kept_executions.install(context)
    deletion.install()  # after the other wrapper of delete_state_machine
    past.install()  # after all of them
    traces.install(context)
    installation.install()
