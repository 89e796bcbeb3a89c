"""A few dozen lives of a data set; `make faults` tries a thousand."""

from hypothesis import HealthCheck, settings

from tests.support.data_set_life import DataSetLife

TestDataSetLife = DataSetLife.TestCase
TestDataSetLife.settings = settings(
    max_examples=40,
    stateful_step_count=30,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
