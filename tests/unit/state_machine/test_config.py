"""pipeline.toml: what is refused, and how the refusal reads."""

import re
from pathlib import Path

import pytest

from state_machine import config
from state_machine.errors import ConfigError
from tests.support.paths import PROJECT


@pytest.fixture(autouse=True)
def scripts(tmp_path: Path) -> None:
    """Have the folder that pipeline.toml names beside the changed file."""
    (tmp_path / "ml_scripts").symlink_to(PROJECT / "ml_scripts")


def load_changed(tmp_path: Path, old: str, new: str) -> config.PipelineConfig:
    text = (PROJECT / "pipeline.toml").read_text(encoding="utf-8")
    assert old in text
    changed = tmp_path / "pipeline.toml"
    changed.write_text(text.replace(old, new, 1), encoding="utf-8")
    return config.load(changed)


def test_the_repositorys_own_file_is_accepted() -> None:
    pipeline = config.load(PROJECT / "pipeline.toml")

    assert pipeline.training.hyperparameters["network"] == "normalized"
    assert [t["metric"] for t in pipeline.gate.thresholds] == ["accuracy", "loss"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("epochs = 3", "epochs = 0", "found 0, expected integer (a whole number, at least 1"),
        ("epochs = 3", "epochs = 3.0", "hyperparameters.epochs: found 3.0, expected a whole"),
        ('network = "normalized"', 'network = "deep"', "one of workshop, normalized"),
        ('schedule = "one-cycle"', 'schedule = ""', "one of constant, one-cycle"),
        ("learning-rate = 0.005", "learning-rate = 0", "a number, above 0"),
        ("seed = 42\n\n[eval", "seed = -1\n\n[eval", "seed: found -1"),
        ("epochs = 10", "epochs = -1", "training.recipes.workshop: hyperparameters.epochs: found"),
        ("seed = 42\nrepl", "seed = -1\nrepl", "preprocessing.seed: Input should be greater"),
    ],
)
def test_every_recipe_is_held_to_what_the_scripts_declare(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        load_changed(tmp_path, old, new)
    assert said in str(raised.value)


def test_a_recipe_is_chosen_by_name_and_hyperparameters_are_laid_over_it(tmp_path: Path) -> None:
    workshop = load_changed(tmp_path, 'recipe = "fast"', 'recipe = "workshop"')
    own = load_changed(tmp_path, "seed = 42\n\n[evaluation]", "epochs = 5\n\n[evaluation]")

    assert workshop.training.hyperparameters == {
        "network": "workshop",
        "epochs": 10,
        "batch-size": 64,
        "learning-rate": 0.001,
        "schedule": "constant",
        "seed": 42,
    }
    assert own.training.hyperparameters["epochs"] == 5
    assert own.training.hyperparameters["batch-size"] == 256
    assert "seed" not in own.training.hyperparameters


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("value = 0.85", "value = nan", "gate.thresholds[0].value: accuracy is nan"),
        ("value = 0.85", "value = 1.5", "gate.thresholds[0].value: accuracy is 1.5"),
        ('op = ">="', 'op = ">"', "gate.thresholds[0].op is '>'"),
        ('metric = "accuracy"\nop', 'metric = "acuracy"\nop', "metric is 'acuracy', expected one"),
        ("max_regression = 0.0", "max_regression = -1", "gate.champion[0].max_regression"),
        ("max_regression = 0.0", "regression = 0.0", "gate.champion[0] has 'regression'"),
        ("confidence_level = 0.95", "confidence_level = 95.0", "gate.confidence_level is 95.0"),
        ("confidence_level = 0.95", "level = 0.95", "gate.level: Extra inputs"),
        ('"keep_champion"', '"ignore"', "gate.unscorable_champion is 'ignore', expected register"),
        ("[registry]", "[gate.per_class]\nmin_f1 = 1.0\n\n[registry]", "per_class has 'min_f1'"),
        ("[registry]", "[gate.limits]\nmax_size = 1.0\n\n[registry]", "limits has 'max_size'"),
        ("value = 0.92", "value = 92", "registry.auto_approve.thresholds[0].value: accuracy is 92"),
        ("validation_fraction = 0.2", "validation_fraction = 1.0", "less than 1"),
        ("epochs = 3", "epochs = inf", "expected a finite number"),
        ("epochs = 3", '"bad name" = 3', "no hyperparameter name"),
        ('recipe = "fast"', 'recipe = "slow"', "training: recipe is 'slow': expected the NAME of"),
        ('recipe = "fast"', "recipe = 1", "training: recipe is 1: expected the NAME of"),
        ('recipe = "fast"', "", "training: recipe is None: expected the NAME of"),
        ("instance_count = 1", "instance_count = 0", "preprocessing.instance_count"),
        ("[evaluation]", "[evaluation]\ninstance_count = 2", "evaluation.instance_count"),
        ('instance_type = "ml.m5.xlarge"', 'instance_type = "m5.xlarge"', "found 'm5.xlarge'"),
        (
            'instance_type = "ml.m5.2xlarge"',
            'instance_type = "ml.c7g.2xlarge"',
            "training.instance_type: ml.c7g.2xlarge is ARM, on which SageMaker runs no training",
        ),
        (
            'instance_type = "ml.m5.2xlarge"',
            'instance_type = "ml.trn1.2xlarge"',
            "training.instance_type: ml.trn1.2xlarge is an accelerator",
        ),
        (
            '["ml.m5.large", "ml.m5.xlarge"]',
            '["ml.m5.large", "ml.c7g.large"]',
            "ml.m5.large (cpu), ml.c7g.large (arm) need different images",
        ),
        ('["ml.m5.large", "ml.m5.xlarge"]', '["ml.inf2.xlarge"]', "ml.inf2.xlarge is an accelerat"),
        (
            'instance_type = "ml.m5.2xlarge"',
            'instance_type = "ml.m5.3xlarge"',
            "training.instance_type: SageMaker knows no ml.m5.3xlarge for training jobs: expected",
        ),
        (
            '["ml.m5.large", "ml.m5.xlarge"]',
            '["ml.m5.3xlarge"]',
            "SageMaker knows no ml.m5.3xlarge for endpoints",
        ),
        (
            'uri = ""',
            f'uri = "https://host/{"p" * 250}"',
            "tracking.mlflow_tracking_uri: 263 characters, expected at most 256",
        ),
        (
            "max_wait_seconds = 28800",
            "max_wait_seconds = 200000000",
            "training.max_wait_seconds",
        ),
        ("epochs = 3", "sagemaker_program = 3", "sagemaker_program is a name of SageMaker's tool"),
        ("epochs = 3", "epochs = 2000000000000000", "a number of at most 1e+15"),
        ("epochs = 3", f'note = "{"x" * 2501}"', "expected one line of at most 2500 characters"),
        ("epochs = 3", f'note = "{"😀" * 1251}"', "expected one line of at most 2500 characters"),
        ("seed = 42\nreplicated", "seed = -1\nreplicated", "preprocessing.seed"),
        ('"rate(7 days)"', '"cron(0 4 ? * 0 *)"', "'0' is no day of week of EventBridge's cron"),
        ("keep_alive_seconds = 0", "keep_alive_seconds = 3601", "training.keep_alive_seconds"),
        ('input_mode = "File"', 'input_mode = "Pipe"', "training.input_mode"),
        ("volume_size_gb = 30", "volume_size_gbs = 30", "preprocessing.volume_size_gbs"),
        ('name = "retrain"', 'name = "Retrain_1"', "found 'Retrain_1'"),
        ("use_spot = false", 'use_spot = "yes"', "training.use_spot"),
        (
            "max_runtime_seconds = 14400\nuse_spot = false",
            "max_runtime_seconds = 28801\nuse_spot = true",
            "max_wait_seconds is 28800: expected at least max_runtime_seconds, 28801",
        ),
        ("settle_seconds = 10", "settle_seconds = -1", "data.settle_seconds"),
        ('uri = ""', 'uri = "mlflow.db"', "tracking.mlflow_tracking_uri: expected https://HOST"),
        ('uri = ""', 'uri = "sqlite:///mlflow.db"', "sqlite:////ABSOLUTE/PATH.db"),
        ('uri = ""', 'uri = "https://me:secret@host"', "without user and password"),
        ("settle_seconds = 10", "settle_seconds = 1.5", "found 1.5"),
        ("max_concurrent_runs = 1", "max_concurrent_runs = 0", "max_concurrent_runs"),
        ('"rate(7 days)"', '"rate(7 day)"', "schedule.expression"),
        ('"rate(7 days)"', '"weekly"', "found 'weekly'"),
        ("enabled = false", 'enabled = "no"', "schedule.enabled"),
        ('["ml_scripts"]', "[]", "code.scripts: List should have at least 1 item"),
        ('["ml_scripts"]', '"ml_scripts"', "code.scripts: Input should be a valid list"),
        ('["ml_scripts"]', "[3]", "code.scripts.0: expected a folder, relative to this file"),
        ('["ml_scripts"]', '["ml_scripts", "mine"]', "code.scripts: no folder "),
        ('["ml_scripts"]', '["."]', "code.scripts: no main.py, process.sh, preprocessing.py, eval"),
        ("required_files = [", "required_files = []\nignored = [", "data.required_files"),
        ("required_files = [", 'required_files = ["x", "x",', "'x' stands there more than once"),
        (
            "required_files = [",
            'required_files = ["caf\u00e9", "cafe\u0301",',
            "stands there more than once",
        ),
        ("required_files = [", 'required_files = ["manifest.json",', "leave it out of them"),
        ('dataset = "fashion-mnist"', 'dataset = ".."', "data.dataset: expected 1 to 200"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    with pytest.raises(ConfigError, match=r"pipeline\.toml: ") as refused:
        load_changed(tmp_path, old, new)

    assert said in str(refused.value)


def test_files_that_lambdas_variables_cannot_hold_are_refused_with_what_to_do(
    tmp_path: Path,
) -> None:
    """CreateFunction would be refused, after half of the stage is there."""
    files = ", ".join(f'"train-{number:05}-of-00100-images-idx3-ubyte.gz"' for number in range(100))

    load_changed(tmp_path, '"t10k-labels-idx1-ubyte.gz"', ", ".join(files.split(", ")[:40]))
    with pytest.raises(
        ConfigError, match=r"data.required_files \(103\) .* take [45]... bytes .* manif"
    ):
        load_changed(tmp_path, '"t10k-labels-idx1-ubyte.gz"', files)


def test_settings_that_states_cannot_pass_on_are_refused(tmp_path: Path) -> None:
    patterns = ", ".join(f'"*{"x" * 1000}{number}*"' for number in range(70))

    with pytest.raises(
        ConfigError, match=r"all settings take 7.... bytes as JSON: expected at most"
    ):
        load_changed(tmp_path, '"manifest.json"]', f"{patterns}]")


@pytest.mark.parametrize("kind", ["mlflow-tracking-server/ours", "mlflow-app/app-ABCDEF123456"])
def test_mlflow_of_sagemaker_is_named_by_arn(tmp_path: Path, kind: str) -> None:
    arn = f"arn:aws:sagemaker:eu-central-1:123456789012:{kind}"

    tracking = load_changed(tmp_path, 'uri = ""', f'uri = "{arn}"').tracking

    assert tracking.mlflow_tracking_uri == arn


def test_spot_instances_cannot_be_kept(tmp_path: Path) -> None:
    training = load_changed(tmp_path, "keep_alive_seconds = 0", "keep_alive_seconds = 600").training

    with pytest.raises(ValueError, match="keeps no warm pool of spot instances"):
        config.Training.model_validate(training.model_dump() | {"use_spot": True})


def test_endpoints_may_be_of_graviton(tmp_path: Path) -> None:
    """Whether there is an image for them is asked when the definition is built: test_images.py."""
    graviton = '["ml.c7g.large", "ml.m8g.large"]'

    registry = load_changed(tmp_path, '["ml.m5.large", "ml.m5.xlarge"]', graviton).registry

    assert registry.inference_instance_types == ["ml.c7g.large", "ml.m8g.large"]


def test_a_gate_without_a_rule_is_refused(tmp_path: Path) -> None:
    text = (PROJECT / "pipeline.toml").read_text(encoding="utf-8")
    before, after = text.split("[[gate.thresholds]]", 1)[0], text.split("[registry]", 1)[1]
    (tmp_path / "pipeline.toml").write_text(f"{before}[registry]{after}", encoding="utf-8")

    with pytest.raises(ConfigError, match=r"pipeline\.toml: gate: gate has no rule"):
        config.load(tmp_path / "pipeline.toml")


def test_automatic_approval_without_a_rule_is_refused(tmp_path: Path) -> None:
    text = (PROJECT / "pipeline.toml").read_text(encoding="utf-8")
    before, _ = text.split("[registry.auto_approve]", 1)
    enabled = f"{before}[registry.auto_approve]\nenabled = true\n"
    (tmp_path / "pipeline.toml").write_text(enabled, encoding="utf-8")

    with pytest.raises(ConfigError, match="every registered model would be approved"):
        config.load(tmp_path / "pipeline.toml")


def test_the_rules_that_pipeline_toml_shows_as_comments_are_taken_too(tmp_path: Path) -> None:
    text = (PROJECT / "pipeline.toml").read_text(encoding="utf-8")
    shown = re.sub(r"^# (?=\[|min_|max_|classes)", "", text, flags=re.MULTILINE)
    (tmp_path / "pipeline.toml").write_text(shown, encoding="utf-8")

    gate = config.load(tmp_path / "pipeline.toml").gate

    assert gate.champion[0].keys() == {"metric", "max_regression", "min_improvement"}
    assert gate.per_class["classes"]["6"] == {"min_recall": 0.5}
    assert gate.limits.keys() == {"max_latency_ms", "max_model_size_mb"}


def test_a_missing_file_says_how_to_name_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--config"):
        config.load(tmp_path / "none.toml")


def test_a_file_that_is_not_toml_says_where(tmp_path: Path) -> None:
    (tmp_path / "pipeline.toml").write_text("name = ", encoding="utf-8")

    with pytest.raises(ConfigError, match="not a TOML file"):
        config.load(tmp_path / "pipeline.toml")


def test_scripts_are_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "example" / "mine").mkdir(parents=True)
    text = (PROJECT / "pipeline.toml").read_text(encoding="utf-8")
    text = text.replace('["ml_scripts"]', '["../ml_scripts", "mine"]')
    (tmp_path / "example" / "pipeline.toml").write_text(text, encoding="utf-8")

    scripts = config.load(tmp_path / "example" / "pipeline.toml").code.scripts

    assert scripts == [PROJECT / "ml_scripts", tmp_path / "example" / "mine"]


def test_without_a_table_of_the_code_it_is_the_folder_beside_the_file(tmp_path: Path) -> None:
    text = (PROJECT / "pipeline.toml").read_text(encoding="utf-8")
    before, after = text.split("[code]", 1)
    (tmp_path / "pipeline.toml").write_text(before + after[after.index("[data]") :])

    assert config.load(tmp_path / "pipeline.toml").code.scripts == [PROJECT / "ml_scripts"]


def test_without_a_table_of_the_code_that_folder_must_be_there(tmp_path: Path) -> None:
    (tmp_path / "ml_scripts").unlink()

    with pytest.raises(ConfigError, match=r"no folder .*ml_scripts, expected one relative to this"):
        load_changed(tmp_path, "[data]", "[data]")


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_and_the_line_ends_of_windows_are_taken(
    tmp_path: Path, start: bytes
) -> None:
    own = (PROJECT / "pipeline.toml").read_bytes()
    (tmp_path / "pipeline.toml").write_bytes(start + own.replace(b"\n", b"\r\n"))
    found = config.load(tmp_path / "pipeline.toml")
    assert found.model_dump(exclude={"code"}) == config.load(PROJECT / "pipeline.toml").model_dump(
        exclude={"code"}
    )


def test_a_file_in_another_encoding_says_so(tmp_path: Path) -> None:
    file = tmp_path / "pipeline.toml"
    file.write_text("name = 'x'", encoding="utf-16")
    with pytest.raises(ConfigError, match="encoded as UTF-16, expected UTF-8"):
        config.load(file)


def test_a_script_of_bash_with_line_ends_of_windows_is_refused_by_name(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    script = (PROJECT / "ml_scripts" / "process.sh").read_bytes()
    (mine / "process.sh").write_bytes(script.replace(b"\n", b"\r\n"))
    (mine / "main.py").write_bytes(b"print(1)\r\n")  # which Python takes
    text = (PROJECT / "pipeline.toml").read_text()
    text = text.replace('["ml_scripts"]', '["ml_scripts", "mine"]')
    (tmp_path / "pipeline.toml").write_text(text)

    with pytest.raises(
        ConfigError, match=r"mine/process\.sh has the line ends of Windows \(CRLF\)"
    ):
        config.load(tmp_path / "pipeline.toml")
