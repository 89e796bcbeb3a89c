import pytest

from lambdas.errors import SettingsError
from lambdas.settings import Settings

ENVIRONMENT = {
    "RETRAIN_BUCKET": "retrain-dev-123456789012-us-east-1",
    "RETRAIN_STATE_MACHINE_ARN": "arn:aws:states:us-east-1:123456789012:stateMachine:retrain-dev",
    "RETRAIN_DATASET_PREFIX": "raw_data/",
    "RETRAIN_REQUIRED_FILES": '["images.gz", "labels.gz"]',
    "RETRAIN_HYPERPARAMETERS": '{"epochs": 10, "optimizer": "adam"}',
    "RETRAIN_BOUNDS": "{}",
}


def test_reads_the_environment():
    settings = Settings.from_environment(ENVIRONMENT)
    assert settings.required_files == ("images.gz", "labels.gz")
    assert settings.dataset_prefix == "raw_data/"
    assert settings.hyperparameters == {"epochs": 10, "optimizer": "adam"}


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_a_missing_variable_is_named(name):
    environment = {key: value for key, value in ENVIRONMENT.items() if key != name}
    with pytest.raises(SettingsError, match=name):
        Settings.from_environment(environment)


@pytest.mark.parametrize(
    "found", ["images.gz", "[]", '["a", "a"]', '["a", 1]', '{"a": 1}', '[""]', "null"]
)
def test_malformed_file_names_are_refused(found):
    environment = ENVIRONMENT | {"RETRAIN_REQUIRED_FILES": found}
    with pytest.raises(SettingsError, match=r"RETRAIN_REQUIRED_FILES.*expected a JSON list"):
        Settings.from_environment(environment)


@pytest.mark.parametrize("found", ["", "[]", "10", '{"epochs": null}', '{"epochs": [10]}'])
def test_malformed_hyperparameters_are_refused(found):
    environment = ENVIRONMENT | {"RETRAIN_HYPERPARAMETERS": found}
    with pytest.raises(SettingsError, match=r"RETRAIN_HYPERPARAMETERS"):
        Settings.from_environment(environment)
