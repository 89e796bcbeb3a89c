import json

import pytest

from lambdas.report import cost
from state_machine.config import load
from tests.support.paths import PROJECT


@pytest.fixture
def run(event) -> dict:
    return event("check_metrics")["run"]


def test_the_jobs_of_a_run(run):
    found = cost.estimate(run)
    assert (found["currency"], found["region"]) == ("USD", "us-east-1")
    assert [(job["step"], job["billable_seconds"], job["estimate"]) for job in found["jobs"]] == [
        ("Preprocess", 36.0, 0.0023),  # 36 s of 0.23 an hour
        ("Train", 360, 0.0461),
        ("Evaluate", 72.0, 0.0046),
    ]
    assert found["estimate"] == pytest.approx(0.053)
    assert (found["spot_savings"], found["missing"]) == (0, [])
    assert found["prices"]["source"].startswith("https://aws.amazon.com/")
    json.dumps(found, allow_nan=False)


def test_spot_savings_stand_apart(run):
    """Billable seconds are those of on-demand prices already; the rest was saved."""
    run["training_job"] |= {"billable_seconds": 90, "training_seconds": 360}
    found = cost.estimate(run)
    train = found["jobs"][1]
    assert (train["estimate"], train["spot_savings"]) == (0.011525, 0.034575)
    assert found["spot_savings"] == 0.034575


def test_a_step_of_an_earlier_run_costs_nothing(run):
    """It tells no times, and its instance may have no price any more."""
    before = cost.estimate(run)
    run["training_job"] = {
        "job_name": "an-earlier-train-0-0",
        "instance_type": "ml.p99.xlarge",
        "instance_count": 2,
        "reused_from": "an-earlier",
    }
    found = cost.estimate(run)
    train = found["jobs"][1]
    assert (train["estimate"], train["billable_seconds"]) == (0, 0)
    assert train["reused_from"] == "an-earlier"
    assert found["jobs"][0]["reused_from"] is None
    assert found["missing"] == []
    assert found["estimate"] == pytest.approx(before["estimate"] - before["jobs"][1]["estimate"])


def test_every_instance_is_billed(run):
    run["training_job"]["instance_count"] = 4
    assert cost.estimate(run)["jobs"][1]["estimate"] == 0.1844


def test_an_instance_without_a_price_is_said_and_not_free(run):
    run["training_job"]["instance_type"] = "ml.p99.xlarge"
    found = cost.estimate(run)
    assert (found["estimate"], found["spot_savings"]) == (None, None)
    assert found["jobs"][1]["estimate"] is None
    assert found["jobs"][0]["estimate"] == 0.0023
    assert found["missing"] == ["Train: no price for ml.p99.xlarge (training) in us-east-1"]


def test_a_region_without_prices_is_said(run):
    run["execution_arn"] = run["execution_arn"].replace("us-east-1", "mars-north-1")
    found = cost.estimate(run)
    assert found["estimate"] is None
    assert len(found["missing"]) == 3
    assert "in mars-north-1" in found["missing"][0]


@pytest.mark.parametrize(
    "told",
    [
        None,
        {},
        {"billable_seconds": None},
        {"billable_seconds": float("nan")},
        {"billable_seconds": -1},
    ],
)
def test_a_job_that_does_not_tell_is_missing(run, told):
    run["training_job"] = told if not told else run["training_job"] | told
    found = cost.estimate(run)
    assert found["estimate"] is None
    assert found["missing"] == ["Train does not say what it ran on, and for how long"]


def test_the_table_says_of_when_and_from_where():
    table = cost.table()
    assert table["date"] == "2026-09-01"
    assert table["source"].startswith("https://aws.amazon.com/sagemaker/")
    for prices in table["region_prices"].values():
        for instance_type, price in prices.items():
            assert instance_type.startswith("ml.")
            assert set(price) == {"processing", "training"}
            assert all(0 < value < 1000 for value in price.values())


def test_the_example_has_prices():
    config, prices = load(PROJECT / "pipeline.toml"), cost.table()["region_prices"]["us-east-1"]
    assert prices[config.training.instance_type]["training"]
    assert prices[config.preprocessing.instance_type]["processing"]
    assert prices[config.evaluation.instance_type]["processing"]
