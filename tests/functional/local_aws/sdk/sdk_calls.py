# ruff: noqa: PLC0415, F821  Each case imports what it is about; watched.py has `tell`.
"""Calls of the SageMaker SDK, as its users write them: each works here or is refused in one line.

A program of its own (test_sdk.py runs it): each function below is a case, by its name; what it
returns, or the text of what it raises, is told.
"""

import os
import time
from pathlib import Path

import sagemaker
from sagemaker.estimator import Estimator
from sagemaker.inputs import TrainingInput
from sagemaker.model import Model
from sagemaker.processing import ProcessingInput, ProcessingOutput, ScriptProcessor
from sagemaker.sklearn import SKLearn
from sagemaker.sklearn.processing import SKLearnProcessor

ROLE = os.environ["ROLE"]
TRAIN = """
import os, pathlib
print("loss=0.5;")
pathlib.Path(os.environ["SM_MODEL_DIR"], "model.txt").write_text("model")
"""
PROCESS = """
import os, pathlib
folder = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"], "processing")
text = (folder / "in" / "a.txt").read_text()
(folder / "out" / "b.txt").write_text(text.upper())
"""
ONE = {"role": ROLE, "instance_count": 1, "instance_type": "ml.m5.large"}
_sleep = time.sleep
time.sleep = lambda seconds: _sleep(min(seconds, 0.2))  # the SDK asks every five to thirty seconds
session = sagemaker.Session()
bucket = session.default_bucket()
Path("train.py").write_text(TRAIN)
Path("process.py").write_text(PROCESS)
Path("a.txt").write_text("text")
_kept: dict[str, SKLearn] = {}


def estimator(**more):
    return SKLearn(
        "train.py",
        framework_version="1.2-1",
        metric_definitions=[{"Name": "loss", "Regex": "loss=([^;]+);"}],
        sagemaker_session=session,
        **{**ONE, **more},
    )


def fitted():
    if not _kept:
        _kept["estimator"] = estimator()
        # With logs the SDK asks for the job's status every thirty seconds.
        data = session.upload_data("a.txt", bucket, "train")
        _kept["estimator"].fit({"train": data}, logs="None")
    return _kept["estimator"]


def session_files():
    uri = session.upload_string_as_file_body("body", bucket, "files/s.txt")
    session.download_data("down", bucket, "files/s.txt")
    listed = session.list_s3_files(bucket, "files/")
    read = session.read_s3_file(bucket, "files/s.txt")
    return [uri.rpartition("/")[2], listed, read, Path("down/s.txt").read_text()]


def expand_role():
    return session.expand_role(ROLE.rpartition("/")[2])


def processor_run():
    SKLearnProcessor("1.2-1", sagemaker_session=session, **ONE).run(
        "process.py",
        inputs=[ProcessingInput("a.txt", "/opt/ml/processing/in")],
        outputs=[ProcessingOutput("/opt/ml/processing/out", f"s3://{bucket}/out")],
        logs=False,
    )
    return session.read_s3_file(bucket, "out/b.txt")


def processor_stop():
    Path("sleep.py").write_text("import time\ntime.sleep(600)")
    processor = ScriptProcessor(
        image_uri="image", command=["python3"], sagemaker_session=session, **ONE
    )
    processor.run("sleep.py", wait=False)
    job = processor.latest_job
    job.stop()
    session.wait_for_processing_job(job.job_name, poll=1)
    return job.describe()["ProcessingJobStatus"]


def estimator_fit():
    return fitted().latest_training_job.describe()["TrainingJobStatus"]


def estimator_attach():
    attached = SKLearn.attach(fitted().latest_training_job.name, session)
    return attached.model_data == fitted().model_data


def estimator_logs():
    return fitted().logs()


def training_job_analytics():
    frame = sagemaker.TrainingJobAnalytics(
        fitted().latest_training_job.name, ["loss"], sagemaker_session=session
    ).dataframe()
    return frame["value"].tolist()


def estimator_register():
    package = fitted().register(
        ["text/csv"], ["text/csv"], ["ml.m5.large"], ["ml.m5.large"], model_package_group_name="sdk"
    )
    return package.model_package_arn


def model_create():
    model = fitted().create_model()
    model.create("ml.m5.large")
    return session.sagemaker_client.describe_model(ModelName=model.name)["ExecutionRoleArn"]


def model_register():
    model = Model("image", fitted().model_data, ROLE, sagemaker_session=session)
    return model.register(
        ["text/csv"], ["text/csv"], ["ml.m5.large"], ["ml.m5.large"], "sdk"
    ).model_package_arn


def endpoint_config():
    model = fitted().create_model()
    model.create("ml.m5.large")
    return session.create_endpoint_config("config", model.name, 1, "ml.m5.large")


def model_card():
    from sagemaker.model_card import ModelCard, ModelOverview

    overview = ModelOverview(model_id=None, model_name="sdk", model_artifact=[fitted().model_data])
    card = ModelCard(name="sdk", model_overview=overview, sagemaker_session=session)
    card.create()
    return ModelCard.load("sdk", sagemaker_session=session).model_overview.model_name


def training_details():
    from sagemaker.model_card import ModelOverview, TrainingDetails

    overview = ModelOverview(model_artifact=[fitted().model_data])
    details = TrainingDetails.from_model_overview(overview, session)
    return details.training_job_details.training_arn.rpartition("/")[2] == (
        fitted().latest_training_job.name
    )


def experiment_run():
    from sagemaker.analytics import ExperimentAnalytics
    from sagemaker.experiments.run import Run

    with Run("sdk-experiment", run_name="run", sagemaker_session=session) as run:
        run.log_parameter("epochs", 3)
        run.log_metric("loss", 0.5, step=0)
    frame = ExperimentAnalytics("sdk-experiment", sagemaker_session=session).dataframe()
    return [frame["epochs"].tolist(), frame["loss - Last"].tolist()]


def session_describe():
    name = fitted().latest_training_job.name
    session.logs_for_job(name, wait=False)
    return session.describe_training_job(name)["TrainingJobStatus"]


def deploy():
    return fitted().deploy(1, "ml.m5.large")


def predict():
    return sagemaker.Predictor("nothing", session).predict(b"1")


def transform():
    return fitted().transformer(1, "ml.m5.large").transform(f"s3://{bucket}/train")


def tuner_fit():
    from sagemaker.tuner import ContinuousParameter, HyperparameterTuner

    tuner = HyperparameterTuner(
        estimator(),
        "loss",
        {"rate": ContinuousParameter(0.1, 1)},
        [{"Name": "loss", "Regex": "loss=(.+);"}],
    )
    return tuner.fit({"train": f"s3://{bucket}/train"})


def pipeline_upsert():
    from sagemaker.workflow.pipeline import Pipeline

    return Pipeline("sdk", sagemaker_session=session).upsert(ROLE)


def feature_group_create():
    from sagemaker.feature_store.feature_definition import StringFeatureDefinition
    from sagemaker.feature_store.feature_group import FeatureGroup

    group = FeatureGroup("sdk", session, [StringFeatureDefinition("id")])
    return group.create(f"s3://{bucket}/fs", "id", "time", ROLE)


def debugger_rules():
    from sagemaker.debugger import Rule, rule_configs

    rules = [Rule.sagemaker(rule_configs.vanishing_gradient())]
    return estimator(rules=rules).fit({"train": f"s3://{bucket}/train"})


def built_in_algorithm():
    image = sagemaker.image_uris.retrieve("linear-learner", "us-east-1")
    return Estimator(image, sagemaker_session=session, **ONE).fit(
        {"train": TrainingInput(f"s3://{bucket}/train")}
    )


def pyspark():
    from sagemaker.spark import PySparkProcessor

    processor = PySparkProcessor(framework_version="3.3", sagemaker_session=session, **ONE)
    return processor.run("process.py")


def clarify():
    from sagemaker import clarify

    processor = clarify.SageMakerClarifyProcessor(sagemaker_session=session, **ONE)
    data = clarify.DataConfig(f"s3://{bucket}/train", f"s3://{bucket}/c", label="y")
    bias = clarify.BiasConfig([1], "sex")
    return processor.run_pre_training_bias(data, bias)


def automl():
    from sagemaker.automl.automl import AutoML

    return AutoML(ROLE, "y", sagemaker_session=session).fit(f"s3://{bucket}/train")


def neo_compile():
    return fitted().compile_model(
        "ml_m5", {"x": [1]}, f"s3://{bucket}/neo", framework="tensorflow", framework_version="2.9"
    )


def monitoring_schedule():
    from sagemaker.model_monitor import DefaultModelMonitor

    return DefaultModelMonitor(ROLE, sagemaker_session=session).suggest_baseline(
        f"s3://{bucket}/a.csv", {"csv": {"header": True}}
    )


CASES = [
    each
    for name, each in list(globals().items())
    if callable(each)
    and getattr(each, "__module__", "") == __name__
    and name not in ("estimator", "fitted", "tell")
    and not name.startswith("_")
]


def _attempted(case):
    try:
        return {"returned": case()}
    except Exception as error:
        return {"raised": str(error)}


tell(**{case.__name__: _attempted(case) for case in CASES})
