"""What an instance type computes with: families as they are in botocore's model of the API."""

import botocore.session
import pytest

from lambdas.errors import InvalidInputError
from lambdas.runs import instances


def known(shape: str) -> set[str]:
    model = botocore.session.get_session().get_service_model("sagemaker")
    return set(model.shape_for(shape).enum)


@pytest.mark.parametrize(
    ("instance_type", "kind"),
    [
        ("ml.m5.xlarge", instances.CPU),
        ("ml.c7i-flex.large", instances.CPU),
        ("ml.r8i.large", instances.CPU),
        ("ml.g5.xlarge", instances.GPU),
        ("ml.g6e.xlarge", instances.GPU),
        ("ml.p4de.24xlarge", instances.GPU),
        ("ml.p6-b200.48xlarge", instances.GPU),
        ("ml.p6e-gb200.36xlarge", instances.ARM),
        ("ml.m6gd.large", instances.ARM),
        ("ml.c6gn.large", instances.ARM),
        ("ml.r7gd.large", instances.ARM),
        ("ml.trn1n.32xlarge", instances.OTHER),
        ("ml.inf2.xlarge", instances.OTHER),
        ("ml.dl1.24xlarge", instances.OTHER),
    ],
)
def test_the_kind_of_a_type(instance_type, kind):
    assert instances.kind(instance_type) == kind


@pytest.mark.parametrize("shape", ["TrainingInstanceType", "ProcessingInstanceType"])
def test_what_the_api_takes_for_jobs_and_has_no_image_is_neither_x86_nor_gpu(shape):
    without = {name for name in known(shape) if instances.kind(name) not in ("cpu", "gpu")}
    families = {name.split(".")[1] for name in without}
    assert families <= {"trn1", "trn1n", "trn2", "p6e-gb200"}


def test_every_graviton_family_of_endpoints_is_arm():
    families = {name.split(".")[1] for name in known("ProductionVariantInstanceType")}
    arm = {family for family in families if instances.kind(f"ml.{family}.large") == "arm"}
    assert {"c6g", "c6gd", "c6gn", "c7g", "m6g", "m6gd", "m8g", "r6g", "r7gd", "r8g"} <= arm
    assert not {"g4dn", "g5", "g6", "m6i", "c6i", "c6in", "m5d"} & arm


def test_types_of_several_kinds_have_no_one_image():
    assert instances.of_endpoints(["ml.m5.large", "ml.c5.large"]) == "cpu"
    with pytest.raises(ValueError, match=r"ml.m5.large \(cpu\), ml.g5.xlarge \(gpu\) need differ"):
        instances.of_endpoints(["ml.m5.large", "ml.g5.xlarge"])


def test_a_type_that_does_not_exist_names_its_family_or_all_families():
    instances.check_known("ml.m5.2xlarge", instances.TRAINING)
    with pytest.raises(ValueError, match=r"knows no ml.m5.3xlarge for training jobs.*ml.m5.2xl"):
        instances.check_known("ml.m5.3xlarge", instances.TRAINING)
    with pytest.raises(ValueError, match=r"ml.z9.large for endpoints.*families .*ml.m5, "):
        instances.check_known("ml.z9.large", instances.ENDPOINT)


@pytest.mark.parametrize(
    ("instance_type", "own"),
    [
        ("ml.m5.xlarge", False),
        ("ml.c5n.large", False),
        ("ml.c7i-flex.large", False),
        ("ml.p3.2xlarge", False),
        ("ml.r5d.large", True),
        ("ml.p3dn.24xlarge", True),
        ("ml.g4dn.xlarge", True),
        ("ml.g5.xlarge", True),
        ("ml.p4d.24xlarge", True),
        ("ml.p6-b200.48xlarge", True),
    ],
)
def test_disks_of_their_own(instance_type, own):
    assert instances.has_own_disks(instance_type) is own


def test_a_run_keeps_to_the_kind_of_disks_that_was_deployed():
    deployed = {"training": "ml.m5.xlarge", "evaluation": "ml.g5.xlarge"}

    instances.check_disks({"training": "ml.c5.large", "evaluation": "ml.p4d.24xlarge"}, deployed)
    with pytest.raises(InvalidInputError, match=r"instance_types.training is ml.g5.xlarge"):
        instances.check_disks({**deployed, "training": "ml.g5.xlarge"}, deployed)
