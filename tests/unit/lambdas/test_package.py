"""The zip, made by Chalice's own packager from the files that a deployment stages.

The wheels are made of the installed distributions at the pinned versions, so that the test needs no
network; the handlers then run from the unpacked zip against moto's server.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from state_machine.artifacts import lambda_sdk, lambda_zip
from tests.support.code import CODE, CODE_SHA256
from tests.support.paths import PROJECT

BUCKET = "retrain-dev-123456789012-us-east-1"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:retrain-dev"
TOPICS = "arn:aws:sns:us-east-1:123456789012"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "POWERTOOLS_SERVICE_NAME": "retrain",
    "RETRAIN_BUCKET": BUCKET,
    "RETRAIN_STAGE": "dev",
    "RETRAIN_STATE_MACHINE_ARN": MACHINE,
    "RETRAIN_DATASET_PREFIX": "raw_data/",
    "RETRAIN_REQUIRED_FILES": '["images.gz", "labels.gz"]',
    "RETRAIN_MODEL_PACKAGE_GROUP": "digits",
    "RETRAIN_REQUESTS_TOPIC_ARN": f"{TOPICS}:retrain-dev-retrain",
    "RETRAIN_ANNOUNCEMENTS_TOPIC_ARN": f"{TOPICS}:retrain-dev-announcements",
    "RETRAIN_HYPERPARAMETERS": '{"epochs": 10}',
    "RETRAIN_BOUNDS": "{}",
}
SHIPPED = {
    *("app", "chalice", "lambdas", "aws_lambda_powertools", "fastjsonschema", "jinja2"),
    *("boto3", "botocore", "s3transfer", "jmespath", "urllib3", "dateutil", "six"),
}
OPTIONAL = {"typing_extensions", "markupsafe", "__mp_main__"}
FILES = (".py", ".j2", ".json")  # beside the modules: the report's templates, the prices
# Runs one handler in a process that sees the zip and the standard library, and nothing else: not
# the SDK that Lambda's runtime brings along, and not what is installed here.
INVOKE = """
import json, sys
from types import SimpleNamespace
folder, name, event = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
before = set(sys.modules)
sys.path.insert(0, folder)
import app
assert not app.client.cache_info().currsize, "a client was built at import"
context = SimpleNamespace(
    aws_request_id="request-1", get_remaining_time_in_millis=lambda: 900_000
)
answer = getattr(app, name)(event, context) if name else None
clients = []
if not name:
    clients = [app.client(service).meta.service_model.service_name for service in event]
modules = sorted({module.partition(".")[0] for module in set(sys.modules) - before})
files = {name: sys.modules[name].__file__ for name in ("lambdas", "botocore")}
found = {"answer": answer, "modules": modules, "clients": clients, **files}
print(json.dumps(found))
"""


def installed_wheels(folder: Path, requirements: str) -> Path:
    """Make wheels of what is installed here, refusing other versions than those pinned.

    What is compiled gets the name that it has for Lambda's Python, and no content: this Python
    cannot load it, as it cannot load what a deployment packages for another one.
    """
    folder.mkdir()
    for name, version in re.findall(r"^([\w-]+)==(\S+)", requirements, re.MULTILINE):
        installed = distribution(name)
        assert installed.version == version, f"{name}: {installed.version} != {version}"
        wheel = folder / f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as zipped:
            for file in installed.files or []:
                if file.suffix == ".so":
                    module = file.name.partition(".")[0]
                    for_lambda = f"{module}.cpython-312-x86_64-linux-gnu.so"
                    zipped.writestr(str(file.with_name(for_lambda)), b"")
                elif ".." not in file.parts and "__pycache__" not in file.parts:
                    zipped.write(file.locate(), str(file))
    return folder


def stage(folder: Path, requirements: str) -> Path:
    """Lay out what a deployment hands to Chalice."""
    skip = shutil.ignore_patterns("__pycache__")
    shutil.copyfile(PROJECT / "app.py", folder / "app.py")
    shutil.copytree(PROJECT / "vendor", folder / "vendor", ignore=skip)
    shutil.copytree(PROJECT / ".chalice", folder / ".chalice", ignore=skip)
    (folder / "requirements.txt").write_text(requirements)
    return folder


def package(folder: Path, wheels: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(lambda_zip.build(folder, wheels))


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory) -> Path:
    """Return the folder of the whole zip, wheels included, unpacked."""
    requirements = (PROJECT / "requirements.txt").read_text()
    staged = stage(tmp_path_factory.mktemp("staged"), requirements)
    wheels = installed_wheels(tmp_path_factory.mktemp("wheels") / "wheels", requirements)
    folder = tmp_path_factory.mktemp("unpacked")
    package(staged, wheels).extractall(folder)
    return folder


@pytest.fixture(scope="module")
def endpoint():
    """Start moto's server with a bucket and the state machine in it."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def aws(endpoint):
    """Return a function that builds boto3 clients of moto's server."""

    def client(service: str):
        return boto3.client(
            service,
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    s3 = client("s3")
    s3.create_bucket(Bucket=BUCKET)
    versioning = {"Status": "Enabled"}
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration=versioning)
    client("stepfunctions").create_state_machine(
        name="retrain-dev",
        definition='{"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}',
        roleArn="arn:aws:iam::123456789012:role/retrain-dev",
    )
    return client


@pytest.fixture
def invoke(unpacked, endpoint):
    """Return a function that runs a handler of the unpacked zip in a process of its own."""

    def run(name: str, event: object) -> dict:
        finished = subprocess.run(
            [sys.executable, "-I", "-S", "-c", INVOKE, str(unpacked), name, json.dumps(event)],
            check=False,
            capture_output=True,
            text=True,
            env={"PATH": os.environ["PATH"], "AWS_ENDPOINT_URL": endpoint} | ENVIRONMENT,
            cwd=unpacked,
        )
        assert finished.returncode == 0, finished.stderr
        return json.loads(finished.stdout.splitlines()[-1])

    return run


def test_the_zip_holds_the_lambdas_and_nothing_else_of_ours(tmp_path):
    archive = package(stage(tmp_path, ""), tmp_path)
    names = set(archive.namelist())
    paths = (PROJECT / "lambdas").rglob("*")
    files = {str(path.relative_to(PROJECT)) for path in paths if path.suffix in FILES}
    assert {
        "lambdas/report/report.html.j2",
        "lambdas/report/decision.html.j2",
        "lambdas/report/prices.json",
    } < files
    assert names == files | {"app.py", "chalice/__init__.py", "chalice/app.py"}
    assert Path(archive.filename).stat().st_size < 1024 * 1024
    for name in files:
        assert archive.read(name) == (PROJECT / name).read_bytes()


def test_the_whole_zip_has_no_leftovers(unpacked):
    names = [str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file()]
    unwanted = re.compile(r"__pycache__|\.pyc$|^tests/|^moto/|^numpy/|^vendor/|^\.chalice/")
    assert not [name for name in names if unwanted.search(name)]


def test_importing_needs_only_what_is_shipped(invoke):
    found = invoke("", [])
    assert set(found["modules"]) <= SHIPPED | OPTIONAL | sys.stdlib_module_names
    assert set(found["modules"]) >= SHIPPED


def test_the_sdk_is_the_shipped_one_for_every_service_that_is_called(invoke, unpacked):
    found = invoke("", sorted(lambda_sdk.SERVICES))
    assert found["botocore"] == str(unpacked / "botocore" / "__init__.py")
    assert set(found["clients"]) == lambda_sdk.SERVICES
    described = {path.name for path in (unpacked / "botocore" / "data").iterdir() if path.is_dir()}
    assert described == lambda_sdk.SERVICES


def test_what_is_compiled_is_for_lambdas_python_and_not_needed_here(unpacked):
    """The handlers' pages are written by jinja2 all the same, which escapes with markupsafe."""
    compiled = [path.name for path in unpacked.rglob("*.so")]
    assert compiled == ["_speedups.cpython-312-x86_64-linux-gnu.so"]


def test_uploads_start_one_execution_from_the_zip(invoke, aws, unpacked):
    name = "café + thé 100%"
    for file in ("images.gz", "labels.gz"):
        aws("s3").put_object(Bucket=BUCKET, Key=f"raw_data/{name}/{file}", Body=b"content")
    key = "raw_data/caf%C3%A9+%2B+th%C3%A9+100%25/images.gz"
    told = {"bucket": {"name": BUCKET}, "object": {"key": key}}
    event = {"Records": [{"eventName": "ObjectCreated:Put", "s3": told}]}

    first, again = invoke("on_upload", event), invoke("on_upload", event)

    assert first["lambdas"] == str(unpacked / "lambdas" / "__init__.py")
    assert first["answer"][0]["outcome"] == "started"
    assert again["answer"][0]["outcome"] == "duplicate"
    arn = first["answer"][0]["execution_arn"]
    execution = aws("stepfunctions").describe_execution(executionArn=arn)
    assert json.loads(execution["input"])["dataset"] == name
    asked = invoke("start_retraining", {"dataset": name})["answer"]
    assert (asked["started"], asked["execution_arn"]) == (False, arn)


def test_a_test_event_reaches_the_handler(invoke):
    assert invoke("on_upload", {"Service": "Amazon S3", "Event": "s3:TestEvent"})["answer"] == []


def test_approve_from_the_zip_only_over_the_champion_that_was_measured(invoke, aws, event):
    sagemaker, group = aws("sagemaker"), "approved-by-rule"
    sagemaker.create_model_package_group(ModelPackageGroupName=group)

    def register():
        waiting = {"ModelApprovalStatus": "PendingManualApproval"}
        registered = sagemaker.create_model_package(ModelPackageGroupName=group, **waiting)
        return registered["ModelPackageArn"]

    def ask(version, champion):
        asked = event("check_metrics")
        held = {"approved": True, "reason": "accuracy 0.910 >= 0.900", "rules": []}
        asked["run"] |= {
            "quality_gate": {"decision": "register", "auto_approve": held},
            "model_package_group": group,
            "registration": {"model_package_arn": version},
            "champion": {"model_package_arn": champion, "model_sha256": "none"},
        }
        answer = invoke("approve_model", asked)["answer"]
        found = sagemaker.describe_model_package(ModelPackageName=version)
        approved = found["ModelApprovalStatus"] == "Approved"
        assert answer["auto_approve"]["approved"] is approved
        return approved, found["ApprovalDescription"]

    first, second, third = register(), register(), register()
    assert ask(first, None) == (True, "accuracy 0.910 >= 0.900 (by the rules of auto_approve)")
    assert ask(second, first)[0] is True
    # Measured while the first was champion.
    waits, why = ask(third, first)
    assert waits is False
    assert "version 2 is the champion now, the model was measured against version 1" in why


def push(ecr, reference: str) -> str:
    """Push an image of that reference to a repository of the account; return its digest."""
    repository, _, tag = reference.partition("/")[2].partition(":")
    with contextlib.suppress(ecr.exceptions.RepositoryAlreadyExistsException):
        ecr.create_repository(repositoryName=repository)
    manifest = {"schemaVersion": 2, "layers": [{"digest": tag}]}
    pushed = ecr.put_image(
        repositoryName=repository,
        imageTag=tag,
        imageManifest=json.dumps(manifest),
        imageManifestMediaType="application/vnd.docker.distribution.manifest.v2+json",
    )
    return pushed["image"]["imageId"]["imageDigest"]


def test_prepare_and_check_from_the_zip(invoke, aws, event):
    for file in ("images.gz", "labels.gz"):
        aws("s3").put_object(Bucket=BUCKET, Key=f"raw_data/digits/{file}", Body=b"content")
    for file, content in CODE.items():
        aws("s3").put_object(Bucket=BUCKET, Key=f"code/{CODE_SHA256}/{file}", Body=content)
    aws("s3").put_object(Bucket=BUCKET, Key="runs/before/model.tar.gz", Body=b"the model")
    sagemaker = aws("sagemaker")
    sagemaker.create_model_package_group(ModelPackageGroupName="fashion-mnist")
    container = {"Image": "image", "ModelDataUrl": f"s3://{BUCKET}/runs/before/model.tar.gz"}
    champion = sagemaker.create_model_package(
        ModelPackageGroupName="fashion-mnist",
        ModelApprovalStatus="Approved",
        InferenceSpecification={
            "Containers": [container],
            "SupportedContentTypes": ["application/json"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
    )["ModelPackageArn"]

    prepare = event("prepare_run")
    prepare["defaults"]["required_files"] = ["images.gz", "labels.gz"]
    digests = {name: push(aws("ecr"), uri) for name, uri in prepare["defaults"]["images"].items()}
    state = invoke("prepare_run", prepare)["answer"]
    assert state["images"]["training"].endswith(f"/tensorflow-training@{digests['cpu']}")
    assert state["images"]["serving"].endswith(f"/tensorflow-inference@{digests['serving']}")
    assert (state["dataset"]["name"], state["champion"]["model_package_arn"]) == (
        "digits",
        champion,
    )
    copied = f"runs/{state['run_id']}/champion/model.tar.gz"
    assert aws("s3").get_object(Bucket=BUCKET, Key=copied)["Body"].read() == b"the model"

    check = event("check_metrics") | {"run": state}
    decision = invoke("check_metrics", check)["answer"]
    assert decision["decision"] == "reject"
    assert "evaluation.json is missing" in decision["reason"]
    report = f"runs/{state['run_id']}/report.html"
    page = aws("s3").get_object(Bucket=BUCKET, Key=report)["Body"].read().decode()
    assert "Rejected by the gate" in page
    assert "There is no report of the evaluation" in page
