"""pipeline.toml: what is refused, and how the refusal reads."""

from pathlib import Path

import pytest

from state_machine import config
from state_machine.errors import ConfigError

PROJECT = Path(__file__).parents[3]


def load_changed(tmp_path: Path, old: str, new: str) -> config.PipelineConfig:
    text = (PROJECT / "pipeline.toml").read_text(encoding="utf-8")
    assert old in text
    changed = tmp_path / "pipeline.toml"
    changed.write_text(text.replace(old, new, 1), encoding="utf-8")
    return config.load(changed)


def test_the_repositorys_own_file_is_accepted() -> None:
    pipeline = config.load(PROJECT / "pipeline.toml")

    assert pipeline.training.hyperparameters["epochs"] == 10
    assert [t.metric for t in pipeline.gate.thresholds] == ["accuracy", "loss"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("value = 0.85", "value = nan", "gate.thresholds.0.value"),
        ("value = 0.85", "value = inf", "gate.thresholds.0.value"),
        ("value = 0.85", 'value = "0.85"', "found '0.85'"),
        ("value = 0.85", "value = 1.5", "gate.thresholds[0].value"),
        ('op = ">="', 'op = ">"', "found '>'"),
        ('metric = "accuracy"\nop', 'metric = "acuracy"\nop', "found 'acuracy'"),
        ("validation_fraction = 0.2", "validation_fraction = 1.0", "less than 1"),
        ("epochs = 10", "epochs = inf", "expected a finite number"),
        ("epochs = 10", '"bad name" = 10', "no hyperparameter name"),
        ("instance_count = 1", "instance_count = 0", "preprocessing.instance_count"),
        ('instance_type = "ml.m5.xlarge"', 'instance_type = "m5.xlarge"', "found 'm5.xlarge'"),
        ("volume_size_gb = 30", "volume_size_gbs = 30", "preprocessing.volume_size_gbs"),
        ('name = "retrain"', 'name = "Retrain_1"', "found 'Retrain_1'"),
        ("use_spot = false", 'use_spot = "yes"', "training.use_spot"),
        (
            "max_runtime_seconds = 14400\nuse_spot = false",
            "max_runtime_seconds = 28801\nuse_spot = true",
            "max_wait_seconds is 28800: expected at least max_runtime_seconds, 28801",
        ),
        ("settle_seconds = 10", "settle_seconds = -1", "data.settle_seconds"),
        ("settle_seconds = 10", "settle_seconds = 1.5", "found 1.5"),
        ("max_concurrent_runs = 1", "max_concurrent_runs = 0", "max_concurrent_runs"),
        ('"rate(7 days)"', '"rate(7 day)"', "schedule.expression"),
        ('"rate(7 days)"', '"weekly"', "found 'weekly'"),
        ("enabled = false", 'enabled = "no"', "schedule.enabled"),
        ("required_files = [", "required_files = []\nignored = [", "data.required_files"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    with pytest.raises(ConfigError, match=r"pipeline\.toml: ") as refused:
        load_changed(tmp_path, old, new)

    assert said in str(refused.value)


def test_a_gate_without_thresholds_is_refused(tmp_path: Path) -> None:
    text = (PROJECT / "pipeline.toml").read_text(encoding="utf-8")
    without = text.replace("[[gate.thresholds]]", "[[ignored]]")
    (tmp_path / "pipeline.toml").write_text(without, encoding="utf-8")

    with pytest.raises(ConfigError, match=r"gate\.thresholds"):
        config.load(tmp_path / "pipeline.toml")


def test_a_missing_file_says_how_to_name_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--config"):
        config.load(tmp_path / "none.toml")


def test_a_file_that_is_not_toml_says_where(tmp_path: Path) -> None:
    (tmp_path / "pipeline.toml").write_text("name = ", encoding="utf-8")

    with pytest.raises(ConfigError, match="not a TOML file"):
        config.load(tmp_path / "pipeline.toml")
