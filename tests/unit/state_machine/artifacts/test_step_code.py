"""Which files a step's digest is of: too many rather than too few."""

import pytest

from state_machine.artifacts import bundle, step_code
from tests.support.paths import PROJECT

STEPS = ("Preprocess", "Train", "Evaluate")
PLAIN = {
    "preprocessing.py": "import shared",
    "main.py": "import shared",
    "evaluation.py": "import shared",
    "shared.py": "",
    "requirements.txt": "numpy",
}


def changed_by(file: str, **scripts: str) -> set[str]:
    """The steps whose digest changes with the file; `scripts` join PLAIN or replace some of it."""
    return steps_with(file, PLAIN | {f"{name}.py": text for name, text in scripts.items()})


def steps_with(file: str, texts: dict[str, str]) -> set[str]:
    files = {name: text.encode() for name, text in texts.items()}
    before = step_code.digests(files)
    after = step_code.digests({**files, file: files.get(file, b"") + b"\n# changed"})
    return {step for step in STEPS if before[step] != after[step]}


@pytest.fixture(scope="module")
def ours() -> dict[str, bytes]:
    found = bundle.sources([PROJECT / "ml_scripts"])
    return {name: path.read_bytes() for name, path in found.items()}


@pytest.mark.parametrize(
    ("file", "steps"),
    [
        ("preprocessing.py", {"Preprocess"}),
        ("dataset.py", {"Preprocess"}),
        ("model.py", {"Train"}),
        ("training.py", {"Train"}),
        ("evaluation.py", {"Evaluate"}),
        ("scoring/scoring.py", {"Evaluate"}),  # imported inside of a function
        (
            "scoring/report.html.j2",
            {"Evaluate"},
        ),  # read by report.py, and the next one included by it
        ("scoring/report.css", {"Evaluate"}),
        ("job/tracking.py", {"Train", "Evaluate"}),
        ("requirements-tracking.txt", {"Train", "Evaluate"}),
        ("data/arrays.py", set(STEPS)),
        ("process.sh", set(STEPS)),
        ("requirements.txt", set(STEPS)),
    ],
)
def test_a_change_concerns_the_steps_that_read_the_file(
    ours: dict[str, bytes], file: str, steps: set[str]
) -> None:
    before, after = (
        step_code.digests({**ours, file: ours[file] + end}) for end in (b"", b"\n# changed\n")
    )

    assert {step for step in STEPS if before[step] != after[step]} == steps


@pytest.mark.parametrize(
    "imports",
    [
        "import extra",
        "import extra as other",
        "from extra import something",
        "def later():\n    import extra",
        "if False:\n    import extra",
        "import shared, extra",
        "open('extra.py')",
        "import middle",
    ],
)
def test_a_module_counts_wherever_and_however_it_is_imported(imports: str) -> None:
    assert changed_by("extra.py", main=imports, extra="", middle="import extra") == {"Train"}


@pytest.mark.parametrize(
    "imports",
    ["import layers.dense", "from layers import dense", "from layers.dense import Dense"],
)
@pytest.mark.parametrize("file", ["layers/__init__.py", "layers/dense.py", "layers/base.py"])
def test_packages_and_their_relative_imports_count(imports: str, file: str) -> None:
    package = {
        "layers/__init__.py": "",
        "layers/dense.py": "from . import base",
        "layers/base.py": "",
    }
    assert steps_with(file, PLAIN | package | {"main.py": imports}) == {"Train"}


@pytest.mark.parametrize("file", ["unused.py", "words.json", "requirements.txt"])
def test_what_no_step_is_found_to_read_counts_for_all(file: str) -> None:
    assert changed_by(file) == set(STEPS)


@pytest.mark.parametrize(
    "text",
    [
        "import importlib\nimportlib.import_module(name)",
        "from importlib import import_module\nimport_module(name)",
        "__import__(name)",
        "import runpy\nrunpy.run_path(path)",
        "exec(text)",
        "this is no Python (",
    ],
)
def test_a_script_that_may_import_anything_has_every_file(text: str) -> None:
    assert changed_by("extra.py", main=text, extra="", evaluation="import extra") == {
        "Train",
        "Evaluate",
    }


def test_a_new_file_and_another_name_change_the_digest() -> None:
    files = {name: text.encode() for name, text in PLAIN.items()}
    digests = step_code.digests(files)
    more = step_code.digests({**files, "new.txt": b""})
    assert all(more[step] != digests[step] for step in STEPS)
    other = step_code.digests({**files, "newer.txt": b""})
    assert all(more[step] != other[step] for step in STEPS)


def test_an_entry_script_alone_is_no_other_ones_code() -> None:
    assert changed_by("evaluation.py") == {"Evaluate"}
    assert changed_by("main.py") == {"Train"}
