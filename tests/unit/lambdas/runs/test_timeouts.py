import pytest

from lambdas.runs.timeouts import state_timeouts

DEPLOYED = {"preprocessing": 5400, "training": 16200, "evaluation": 5400}


@pytest.mark.parametrize(
    ("sizes", "more"),
    [
        ([30_000_000], 1),
        ([500_000_000] * 1_000, 25_000),
        ([5 * 1024**4] * 100, 172_800),
    ],
    ids=["30 MB", "500 GB", "500 TB"],
)
def test_timeouts_grow_with_the_data(sizes, more):
    dataset = {"objects": [{"size": size} for size in sizes]}
    expected = {job: seconds + more for job, seconds in DEPLOYED.items()}
    assert state_timeouts(DEPLOYED, dataset) == expected
