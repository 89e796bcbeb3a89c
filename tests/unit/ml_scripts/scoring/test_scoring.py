"""With which Keras a model is opened."""

import pytest

from job.errors import ModelError
from scoring import scoring


@pytest.mark.parametrize("version", ["3.11.0", "3.12", "3.15.1", "4.0.0.dev1"])
def test_a_keras_whose_safe_mode_holds(version):
    scoring.check_keras(version)


@pytest.mark.parametrize("version", ["2.15.0", "3.5.0", "3.10.0"])
def test_an_older_one_opens_nothing(version):
    with pytest.raises(ModelError, match=f"found Keras {version}, expected 3.11 or newer"):
        scoring.check_keras(version)


def test_the_containers_get_a_keras_that_is_new_enough(ml_scripts):
    lines = (ml_scripts / "requirements.txt").read_text().splitlines()
    (pinned,) = [line.split()[0] for line in lines if line.startswith("keras==")]
    scoring.check_keras(pinned.removeprefix("keras=="))
