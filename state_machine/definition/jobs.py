"""The three SageMaker jobs as states of the machine."""

from typing import Any

from lambdas.runs import instances
from state_machine.config import Job, PipelineConfig, Training
from state_machine.definition.deployed import Deployed
from state_machine.definition.run_state import RUN, hyperparameter
from state_machine.definition.tracking import tracking_parameters
from state_machine.images import training_image
from state_machine.sdk import sdk
from state_machine.sdk.asl import Expression, ProcessingStep, Retry, TrainingStep, join
from state_machine.sdk.session import rendering_session, without_default_session

MAX_RETRIES = 3

# How often a job that was created and failed is run again: docs/decisions/0007-retrying-jobs.md.
PROCESSING_RETRIES = 1
TRAINING_RETRIES = 2

# A job may wait for an instance, load its image and move data before and after its own run time.
# The state's timeout lies above all that, because a state that times out is not documented to stop
# its job. PrepareRun adds what moving large data takes: lambdas/runs/timeouts.py.
START_AND_TRANSFER_SECONDS = 1800

PROCESSING = "/opt/ml/processing"
CHECKPOINTS = "/opt/ml/checkpoints"

# A training's arrays of some megabytes in pages of two, which processors look up faster: a step
# takes up to a fifth less time. A libc that does not know it passes it over.
# https://www.gnu.org/software/libc/manual/html_node/Memory-Allocation-Tunables.html
HUGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}

# One line an epoch, as training.py prints it:
# epoch=3/10; loss=0.30; accuracy=0.89; val_loss=0.29; val_accuracy=0.90; seconds=11.2;
METRIC_DEFINITIONS = [
    {"Name": "train:loss", "Regex": "; loss=([^;]+);"},
    {"Name": "train:accuracy", "Regex": "; accuracy=([^;]+);"},
    {"Name": "validation:loss", "Regex": "; val_loss=([^;]+);"},
    {"Name": "validation:accuracy", "Regex": "; val_accuracy=([^;]+);"},
]


# The table of pipeline.toml for each state's job.
SECTIONS = {"Preprocess": "preprocessing", "Train": "training", "Evaluate": "evaluation"}


def preprocess(config: PipelineConfig, deployed: Deployed) -> ProcessingStep:
    """The uploaded files in, train, validation and test arrays out."""
    outputs = [
        sdk.ProcessingOutput(
            output_name=split,
            source=f"{PROCESSING}/{split}",
            destination=join(f"{{}}/{split}", RUN["paths"]["preprocessing"]),
        )
        for split in ("train", "validation", "test")
    ]
    return _processing(
        "Preprocess",
        config.preprocessing,
        config,
        deployed,
        inputs=_source_data(config.preprocessing),
        outputs=outputs,
        arguments=[
            "'preprocessing.py'",
            "'--validation-fraction'",
            RUN["preprocessing"]["validation_fraction"].to_jsonpath(),
            "'--seed'",
            RUN["preprocessing"]["seed"].to_jsonpath(),
        ],
        result_path="$.preprocessing_job",
    )


def _source_data(job: Job) -> list[sdk.ProcessingInput]:
    """The run's copy of the data, in two parts for several instances.

    See lambdas/data_sets/source_data.py.
    """
    uri = RUN["dataset"]["s3_uri"]
    if job.instance_count == 1:
        return [_input("source_data", uri)]
    return [
        _input("source_data/sharded", join("{}sharded/", uri), "ShardedByS3Key"),
        _input("source_data/replicated", join("{}replicated/", uri)),
    ]


def train(config: PipelineConfig, deployed: Deployed) -> TrainingStep:
    """Train and validation arrays in, checkpoints and model.tar.gz out."""
    channels = {
        channel: sdk.TrainingInput(join(f"{{}}/{channel}", RUN["paths"]["preprocessing"]))
        for channel in ("train", "validation")
    }
    return TrainingStep(
        "Train",
        resource=deployed.names.integration("sagemaker:createTrainingJob.sync"),
        estimator=_estimator(config, deployed),
        job_name=_job_name("train"),
        data=channels,
        output_data_config_path=RUN["paths"]["training"],
        hyperparameters={
            # The SDK writes a time stamp and a fixed path here. Both belong to the run.
            "sagemaker_job_name": _job_name("train"),
            "sagemaker_submit_directory": join("{}sourcedir.tar.gz", RUN["code"]["s3_uri"]),
            **{name: Expression(hyperparameter(name)) for name in config.training.hyperparameters},
        },
        # The SDK drops what it does not know from the estimator, so it is given here.
        parameters={
            "CheckpointConfig": {"LocalPath": CHECKPOINTS, "S3Uri": RUN["paths"]["checkpoints"]},
            # Of the run, because an execution's input may ask for another type.
            "ResourceConfig": {
                "InstanceType": RUN["instance_types"]["training"],
                **_volume_key(config, config.training),
            },
            **_output_key(config, "OutputDataConfig"),
            "AlgorithmSpecification": {"TrainingImage": RUN["images"]["training"]},
            **tags(config),
            **_network(config),
            **_between_hosts(config.training),
            **_spot(config.training),
            **tracking_parameters(config, "train", variables=HUGE_PAGES),
        },
        result_selector={
            "job_name.$": "$.TrainingJobName",
            "model_data_url.$": "$.ModelArtifacts.S3ModelArtifacts",
            "billable_seconds.$": "$.BillableTimeInSeconds",
            "training_seconds.$": "$.TrainingTimeInSeconds",
            **_instances("ResourceConfig"),
        },
        result_path="$.training_job",
        timeout_seconds_path=RUN["timeout_seconds"]["training"].to_jsonpath(),
        retry=[sagemaker_retry(), failed_job_retry(TRAINING_RETRIES)],
    )


def evaluate(config: PipelineConfig, deployed: Deployed) -> ProcessingStep:
    """The new model, the champion and the test set in, metrics, predictions and report out."""
    return _processing(
        "Evaluate",
        config.evaluation,
        config,
        deployed,
        inputs=[
            # model.tar.gz, and output.tar.gz with its digest.
            _input(
                "model",
                join("{}/{}/output", RUN["paths"]["training"], RUN["training_job"]["job_name"]),
            ),
            _input("champion", RUN["paths"]["champion"]),
            _input("test", join("{}/test", RUN["paths"]["preprocessing"])),
        ],
        outputs=[
            sdk.ProcessingOutput(
                output_name="evaluation",
                source=f"{PROCESSING}/evaluation",
                destination=RUN["paths"]["evaluation"],
            )
        ],
        # The gate refuses intervals of another level than its own.
        arguments=[
            "'evaluation.py'",
            "'--confidence-level'",
            f"'{config.gate.confidence_level}'",
            "'--champion-sha256'",
            RUN["champion"]["model_sha256"].to_jsonpath(),
        ],
        result_path="$.evaluation_job",
        model_uri=RUN["training_job"]["model_data_url"],
    )


def state_seconds(job: Job) -> int:
    """How long the state of `job` may take with small data, in seconds."""
    if isinstance(job, Training) and job.use_spot:
        return job.max_wait_seconds + START_AND_TRANSFER_SECONDS
    return job.max_runtime_seconds + START_AND_TRANSFER_SECONDS


def sagemaker_retry() -> Retry:
    """Retry what SageMaker refuses for a while: throttling, service errors, instance limits.

    Step Functions reports throttling as AmazonSageMakerException too:
    https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html
    """
    return Retry(
        error_equals=[
            "SageMaker.AmazonSageMakerException",
            "SageMaker.ResourceLimitExceededException",
            "SageMaker.SageMakerException",
            "SageMaker.SdkClientException",
        ],
        interval_seconds=10,
        max_attempts=MAX_RETRIES,
        backoff_rate=3.0,
        max_delay_seconds=300,
    )


def failed_job_retry(max_attempts: int) -> Retry:
    """Run a failed job again: its container may have been killed, or its instance lost.

    Comes after `sagemaker_retry`, because States.TaskFailed stands for every error but a timeout:
    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """
    return Retry(
        error_equals=["States.TaskFailed"],
        interval_seconds=2,
        max_attempts=max_attempts,
        backoff_rate=2.0,
        max_delay_seconds=60,
    )


def _instances(described: str) -> dict[str, str]:
    """What a job's cost depends on beside its time, from where its description has it."""
    return {
        "instance_type.$": f"$.{described}.InstanceType",
        "instance_count.$": f"$.{described}.InstanceCount",
    }


def _spot(job: Training) -> dict[str, object]:
    """The part of CreateTrainingJob that makes it a managed spot job."""
    if not job.use_spot:
        return {}
    return {
        "EnableManagedSpotTraining": True,
        "StoppingCondition": {"MaxWaitTimeInSeconds": job.max_wait_seconds},
    }


def tags(config: PipelineConfig, key: str = "Tags") -> dict[str, Any]:
    """The account's; Step Functions adds one of its own to a job that it waits for."""
    found = [{"Key": name, "Value": value} for name, value in config.account.tags.items()]
    return {key: found} if found else {}


def _network(config: PipelineConfig) -> dict[str, Any]:
    """The network that a job's containers are connected to, if the account names one.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_VpcConfig.html
    """
    account = config.account
    vpc = {"SecurityGroupIds": account.security_group_ids, "Subnets": account.subnets}
    return {"VpcConfig": vpc} if account.subnets else {}


def _output_key(config: PipelineConfig, member: str) -> dict[str, Any]:
    """The key for what a job leaves in S3, in that member of its request.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_OutputDataConfig.html
    """
    return {member: {"KmsKeyId": config.account.kms_key}} if config.account.kms_key else {}


def _volume_key(config: PipelineConfig, job: Job) -> dict[str, Any]:
    """The key for a job's volume; SageMaker refuses one where instances bring disks of their own.

    Those are encrypted by the instance itself. PrepareRun lets a run have other types of the same
    kind only.
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceConfig.html
    """
    key = config.account.kms_key
    return {"VolumeKmsKeyId": key} if key and not instances.has_own_disks(job.instance_type) else {}


def _between_hosts(job: Training) -> dict[str, bool]:
    """Encrypt what several hosts say to each other.

    Of one host it is left out: that Step Functions' own integration knows the member is believed.
    https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html
    """
    return {"EnableInterContainerTrafficEncryption": True} if job.instance_count > 1 else {}


def _processing(
    state: str,
    job: Job,
    config: PipelineConfig,
    deployed: Deployed,
    *,
    inputs: list[sdk.ProcessingInput],
    outputs: list[sdk.ProcessingOutput],
    arguments: list[str],
    result_path: str,
    model_uri: sdk.Placeholder | None = None,
) -> ProcessingStep:
    section = SECTIONS[state]
    processor = sdk.Processor(
        role=deployed.names.role_arn(state.lower()),
        image_uri=training_image(config.training, deployed.names.region, job.instance_type),
        instance_count=job.instance_count,
        instance_type=job.instance_type,
        volume_size_in_gb=job.volume_size_gb,
        max_runtime_in_seconds=job.max_runtime_seconds,
        sagemaker_session=rendering_session(deployed.names.region, deployed.names.bucket),
    )
    code = _input("code", RUN["code"]["s3_uri"])
    return ProcessingStep(
        state,
        resource=deployed.names.integration("sagemaker:createProcessingJob.sync"),
        processor=processor,
        job_name=_job_name(state.lower()),
        inputs=[code, *inputs],
        outputs=outputs,
        container_entrypoint=["/bin/bash", f"{PROCESSING}/input/code/process.sh"],
        # The SDK takes no placeholder inside the list of arguments.
        parameters={
            "AppSpecification": {
                "ContainerArguments": Expression(f"States.Array({', '.join(arguments)})"),
                "ImageUri": RUN["images"][section],
            },
            "ProcessingResources": {
                "ClusterConfig": {
                    "InstanceType": RUN["instance_types"][section],
                    **_volume_key(config, job),
                }
            },
            **_output_key(config, "ProcessingOutputConfig"),
            **tags(config),
            **({"NetworkConfig": network} if (network := _network(config)) else {}),
            **tracking_parameters(config, state.lower(), model_uri),
        },
        result_selector={
            "job_name.$": "$.ProcessingJobName",
            "started_at_ms.$": "$.ProcessingStartTime",
            "ended_at_ms.$": "$.ProcessingEndTime",
            **_instances("ProcessingResources.ClusterConfig"),
        },
        result_path=result_path,
        timeout_seconds_path=RUN["timeout_seconds"][section].to_jsonpath(),
        retry=[sagemaker_retry(), failed_job_retry(PROCESSING_RETRIES)],
    )


def _input(
    name: str, source: sdk.Placeholder, distribution: str = "FullyReplicated"
) -> sdk.ProcessingInput:
    folder = "input/code" if name == "code" else name
    return sdk.ProcessingInput(
        input_name=name.replace("/", "-"),
        source=source,
        destination=f"{PROCESSING}/{folder}",
        s3_data_distribution_type=distribution,
    )


def _estimator(config: PipelineConfig, deployed: Deployed) -> sdk.TensorFlow:
    job = config.training
    with without_default_session(deployed.names.region):
        return sdk.TensorFlow(
            entry_point="main.py",
            source_dir=deployed.bundle.source_s3_uri,
            role=deployed.names.role_arn("train"),
            # Asked for here: of a type that has none the SDK raises a ValueError of its own.
            image_uri=training_image(job, deployed.names.region, job.instance_type),
            framework_version=job.framework_version,
            py_version=job.py_version,
            instance_type=job.instance_type,
            instance_count=job.instance_count,
            volume_size=job.volume_size_gb,
            max_run=job.max_runtime_seconds,
            input_mode=job.input_mode,
            # A warm pool. 0 is left out, as the SDK leaves out what is not given.
            keep_alive_period_in_seconds=job.keep_alive_seconds or None,
            output_path=f"s3://{deployed.names.bucket}/runs/",
            distribution=_distribution(job),
            metric_definitions=METRIC_DEFINITIONS,
            model_dir=False,  # type: ignore[arg-type] # its way to leave the hyperparameter out
            debugger_hook_config=False,
            disable_profiler=True,
            sagemaker_session=rendering_session(deployed.names.region, deployed.names.bucket),
        )


def _distribution(job: Training) -> dict[str, Any] | None:
    """What has AWS's image tell TensorFlow of all hosts, if there are several."""
    several = {"multi_worker_mirrored_strategy": {"enabled": True}}
    return several if job.instance_count > 1 else None


def _job_name(step: str) -> Expression:
    """A name that no earlier attempt has: SageMaker never lets one be used again."""
    return join(f"{{}}-{step}-{{}}-{{}}", RUN["run_id"], *_ATTEMPT)


_ATTEMPT = ("$$.State.RetryCount", "$$.Execution.RedriveCount")
