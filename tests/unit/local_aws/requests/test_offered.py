"""The table of SageMaker's operations: complete, and without a name that no SDK has."""

from itertools import combinations

import pytest
from moto.core.utils import camelcase_to_underscores, get_service_model
from moto.sagemaker.responses import SageMakerResponse

from local_aws.requests.offered import OFFERS

SAGEMAKER = OFFERS["sagemaker"]
# Each makes something of which moto has no more than its record.
MADE_UP = {
    *("CreateEndpoint", "UpdateEndpointWeightsAndCapacities", "CreateTransformJob"),
    *("CreateHyperParameterTuningJob", "CreateAutoMLJobV2", "CreateCompilationJob"),
    *("CreatePipeline", "UpdatePipeline", "StartPipelineExecution", "CreateFeatureGroup"),
    *("CreateNotebookInstance", "StartNotebookInstance", "CreateDomain", "CreateCluster"),
}


@pytest.mark.parametrize("service", OFFERS)
def test_every_name_is_an_operation_of_the_service_and_stands_once(service: str) -> None:
    offer = OFFERS[service]
    sorts = [set(offer.real), set(offer.kept), set(offer.empty)]
    assert set().union(*sorts) <= set(get_service_model(service).operation_names)
    assert not any(one & other for one, other in combinations(sorts, 2))


def test_what_moto_answers_is_sorted() -> None:
    names = get_service_model("sagemaker").operation_names
    of_moto = {name for name in names if hasattr(SageMakerResponse, camelcase_to_underscores(name))}
    assert {name for name in of_moto if not SAGEMAKER.answers(name)} == MADE_UP


def test_each_that_moto_makes_up_is_refused_with_a_reason_of_its_own() -> None:
    reasons = {SAGEMAKER.reason(name) for name in MADE_UP}
    assert SAGEMAKER.reason("CreateAlgorithm") not in reasons
