"""Texts reach the training script as they are written: through the toolkit that AWS's image has."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lambdas.runs.hyperparameters import sent, written

# What AWS's toolkit does between SageMaker's file and the script's arguments.
TOOLKIT = """
import json
from sagemaker_training import environment, mapping
print(json.dumps(mapping.to_cmd_args(environment.read_hyperparameters())))
"""
TEXTS = (
    *("1.10", "1e5", "007", "-0", "true", "null", "NaN", "-Infinity", "[1]", "[1, 2]", '{"a": 1}'),
    *("", " ", " 1 ", "two words", "normalized", "one-cycle", '"quoted"', '"', "it's", "\\", "\\n"),
    *(
        "a\nb",
        "tab\t",
        "数字",
        '"数字"',
        "é",
        "\u2028",
        "\u0085",
        "😀",
        "--flag",
        "$HOME",
        "9" * 5000,
    ),
    "[" * 100_000,
)


@pytest.fixture(scope="module")
def arguments(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The arguments that a script gets for each of the texts, and for k = 3."""
    base = tmp_path_factory.mktemp("base")
    values = {f"text-{number:02}": sent(text) for number, text in enumerate(TEXTS)}
    values |= {"k": sent(3), "switch": sent(True), "rate": sent(1e-05)}
    config = base / "input/config/hyperparameters.json"
    config.parent.mkdir(parents=True)
    config.write_text(json.dumps(values))
    done = subprocess.run(
        [sys.executable, "-c", TOOLKIT],
        env={"SAGEMAKER_BASE_DIR": str(base), "PATH": str(Path(sys.executable).parent)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_a_script_gets_each_text_as_it_is_written(arguments: list[str]) -> None:
    given = dict(zip(arguments[::2], arguments[1::2], strict=True))
    assert tuple(given[f"--text-{number:02}"] for number in range(len(TEXTS))) == TEXTS


def test_numbers_and_switches_keep_their_types_and_one_letter_has_one_dash(
    arguments: list[str],
) -> None:
    given = dict(zip(arguments[::2], arguments[1::2], strict=True))
    assert (given["-k"], given["--switch"], given["--rate"]) == ("3", "True", "1e-05")


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: ascii(text)[:20])
def test_what_is_sent_is_one_line_and_tells_what_was_written(text: str) -> None:
    assert not set(sent(text)) & set("\n\r\u0085\u2028\u2029")
    assert written(sent(text)) == text


def test_plain_texts_are_sent_as_they_are() -> None:
    assert [sent(text) for text in ("adam", "one-cycle", "数字")] == ["adam", "one-cycle", "数字"]
    assert [written(text) for text in ("adam", "0.5", "true", "[")] == ["adam", "0.5", "true", "["]
