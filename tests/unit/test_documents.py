"""Everything that a document names exists: links, files, tests, `make` targets, commands."""

import re
from pathlib import Path

import pytest
import typer

from cli.main import app
from tests.support.documents import (
    Project,
    anchors,
    broken_links,
    code_in,
    problems,
    tree_in,
)
from tests.support.paths import PROJECT, product_sources

# The changelog is not among them: it keeps the names that things had.
DOCUMENTS = [
    *(PROJECT / name for name in ("README.md", "CONTRIBUTING.md", "benchmarks/results.md")),
    *sorted((PROJECT / "docs").rglob("*.md")),
]
# Words that look like names of the project and are not.
ALLOWED = {
    "test_accuracy",  # numbers that MLflow and evaluation.json hold
    "test_macro_f1",
    "test_samples",
    ".chalice/deployed/",  # Chalice's own record, which git ignores
}
BUCKET = "code/"  # a folder in the bucket of a stage

SMALL = Project(
    paths=frozenset(
        {
            "app.py",
            "docs",
            "docs/gate.md",
            "tests",
            "lambdas",
            "lambdas/gate",
            "lambdas/gate/rules.py",
            "lambdas/gate/settings.py",
            "lambdas/settings.py",
            "ml_scripts",
            "ml_scripts/main.py",
            "ml_scripts/scoring",
            "ml_scripts/scoring/comparison.py",
            "ml_scripts/scoring/main.py",
            "tests/faults/test_data.py",
            "tests/unit/test_data.py",
            "tests/unit/test_rules.py",
        }
    ),
    tests=frozenset({"test_a_bound_holds"}),
    targets=frozenset({"test", "bench-quick"}),
    commands={"deploy": frozenset(), "models": frozenset({"list", "show"})},
)


@pytest.fixture(scope="module")
def project() -> Project:
    """The names of this project."""
    ignored = ("__pycache__", ".chalice/deploy")
    folders = [path for path in PROJECT.iterdir() if path.is_dir()]
    ours = [path for path in folders if path.name[0] != "." or path.name in {".chalice", ".ci"}]
    found = [*PROJECT.iterdir(), *(path for folder in ours for path in folder.rglob("*"))]
    paths = {path.relative_to(PROJECT).as_posix() for path in found}
    sources = [path.read_text("utf-8") for path in (PROJECT / "tests").rglob("test_*.py")]
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    return Project(
        paths=frozenset(path for path in paths if not any(each in path for each in ignored)),
        tests=frozenset(name for text in sources for name in re.findall(r"def (test_\w+)", text)),
        targets=frozenset(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.M)),
        commands={
            name: frozenset(getattr(each, "commands", ())) for name, each in commands.items()
        },
    )


def _name(path: Path) -> str:
    return str(path.relative_to(PROJECT))


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_what_a_document_names_exists(project: Project, document: Path) -> None:
    found = problems(project, document.read_text("utf-8"))
    assert [each for each in found if each not in ALLOWED and not each.startswith(BUCKET)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_every_link_leads_somewhere(document: Path) -> None:
    assert broken_links(document, document.read_text("utf-8"), PROJECT) == []


def test_every_exception_is_needed(project: Project) -> None:
    found = {each for path in DOCUMENTS for each in problems(project, path.read_text("utf-8"))}
    assert found >= ALLOWED


def test_the_tree_of_contributing_has_every_package_of_two_levels_and_no_other() -> None:
    shown = tree_in((PROJECT / "CONTRIBUTING.md").read_text("utf-8"))
    packages = {path.parent for path in product_sources() if path.name == "__init__.py"}
    names = {path.relative_to(PROJECT).as_posix() for path in packages}
    assert {name for name in names if name.count("/") < 2} - set(shown) == set()
    assert [name for name in shown if not (PROJECT / name).exists()] == []
    assert len(shown) == len(set(shown))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("`lambdas/gate.py`", "lambdas/gate.py"),
        ("the file lambdas/gate.py, without quotes", "lambdas/gate.py"),
        ("```\npython lambdas/gate.py x\n```", "lambdas/gate.py"),
        ("Type:\n\n    python lambdas/gate.py\n", "lambdas/gate.py"),
        ("`lambdas/report/`", "lambdas/report/"),
        ("`lambdas/NAME/rules.toml`", "lambdas/NAME/rules.toml"),
        ("`verdicts.py`", "verdicts.py"),
        ("`report/rules.py`", "report/rules.py"),
        ("`settings.py`", "settings.py: lambdas/gate/settings.py or lambdas/settings.py"),
        ("`test_gone`", "test_gone"),
        ("`test_data`", "test_data: tests/faults/test_data.py or tests/unit/test_data.py"),
        ("`python -m comparison`", "python -m comparison"),
        ("`python -m lambdas.report`", "python -m lambdas.report"),
        ("`lambdas.report.rules`", "lambdas.report.rules"),
        ("`make tests`", "make tests"),
        ("```\nX=1 make FAULT=2 bench\n```", "make bench"),
        ("`retrain remove`", "retrain remove"),
        ("| `retrain models list\\|remove` | a cell |", "retrain models remove"),
    ],
)
def test_the_check_finds_what_is_missing(text: str, said: str) -> None:
    assert said in problems(SMALL, text)


@pytest.mark.parametrize(
    "text",
    [
        "`app.py`, `lambdas/gate/rules.py`, `gate/rules.py`, `rules.py` and `gate/settings.py`",
        "`lambdas/`, `lambdas/<room>/rules.py`, `lambdas/NAME.py` and `lambdas/gate/*.py`",
        "`main.py`, which SageMaker starts",
        "`runs/<run_id>/run.json`, `/opt/ml/code/x.py`, `s3://bucket/lambdas/x.py`, `~/x.py`",
        "[docs](https://example.com/lambdas/x.py) and [the gate](docs/gate.md)",
        "`test_rules`, `unit/test_data`, `test_a_bound_holds` and `tests/`",
        "`python -m scoring.comparison`, `python -m pytest`, `lambdas.gate.rules.Rule`",
        "`make test ARGS=x`, `make bench-quick`; prose can make anything",
        "`retrain deploy --stage dev`, `retrain models`, `retrain models list|show`",
        "`{'name': 'retrain'}`, `pipeline retrain, data set x` and `<name>-retrain`",
    ],
)
def test_the_check_lets_pass_what_is_there_or_elsewhere(text: str) -> None:
    assert problems(SMALL, text) == []


@pytest.mark.parametrize(
    ("link", "works"),
    [
        ("[a](there.md)", True),
        ("[a](there.md#what-its-run-may-do)", True),
        ("[a](there.md#again-1)", True),
        ("[a](#here)", True),
        ("[a](below/)", True),
        ("`[a](gone.md)`", True),
        ("[a](https://example.com/gone.md)", True),
        ("[a](gone.md)", False),
        ("![a](gone.png)", False),
        ('<img src="gone.png" width="640">', False),
        ("[a](there.md#gone)", False),
        ("[a](there.md#no-heading)", False),
        ("[a](#gone)", False),
        ("[a](../outside.md)", False),
    ],
)
def test_a_link_leads_to_a_file_and_a_heading(tmp_path: Path, link: str, works: bool) -> None:
    root = tmp_path / "project"
    (root / "below").mkdir(parents=True)
    (tmp_path / "outside.md").write_text("")
    (root / "there.md").write_text(
        "# What `its` run, may do?\n## Again\n## Again\n```\n# No heading\n```\n"
    )
    (root / "here.md").write_text(text := f"# Here\n{link}\n")
    assert (broken_links(root / "here.md", text, root) == []) is works


def test_anchors_are_those_of_github() -> None:
    text = "# The gate: `rules.toml` & [more](x.md)\n### 1. Look_at - it\n#hashtag\n"
    assert anchors(text) == {"the-gate-rulestoml--more", "1-look_at---it"}


def test_code_is_what_stands_in_blocks_and_spans() -> None:
    text = "a `b` c\n```\nd\ne `f`\n```\ng ``h `i` ``\n\n    j\n\n    k\n\nl `m\nn`\n"
    assert code_in(text) == ["d", "e `f`", "j", "", "k", "b", "h `i`", "m n"]


def test_a_tree_names_what_is_below_by_its_whole_path() -> None:
    text = "```\nmake x\n```\n```\na.py     words\n\nb/\n    c/   d/ is prose\n    e/\nf/\n```\n"
    assert tree_in(text) == ["a.py", "b", "b/c", "b/e", "f"]
