"""Every list of the top-level packages has each of them: a new one cannot be left out."""

import ast
import sys
import tomllib

import pytest

from tests.support.paths import PRODUCT, PROJECT

# boto3 is in Lambda's runtime; requirements/lambda.in has the rest.
OF_THE_LAMBDAS = {"aws_lambda_powertools", "boto3", "botocore", "fastjsonschema", "jinja2"}
SETTINGS = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))
LINTER = SETTINGS["tool"]["importlinter"]
CONTRACTS = {contract["name"]: contract for contract in LINTER["contracts"]}


def test_import_linter_reads_every_package() -> None:
    assert set(LINTER["root_packages"]) == PRODUCT


def test_circles_are_looked_for_in_every_package() -> None:
    """The scripts of the jobs have a configuration of their own."""
    assert set(CONTRACTS["No circles anywhere"]["ancestors"]) == PRODUCT - {"ml_scripts"}


def test_every_package_has_its_floor() -> None:
    layers = CONTRACTS["Dependencies point one way; the two faces do not know each other"]["layers"]
    assert {name.strip() for layer in layers for name in layer.split("|")} == PRODUCT


def test_mypy_reads_every_package() -> None:
    """It reads the scripts of the jobs from inside their folder, as `make lint` says."""
    assert set(SETTINGS["tool"]["mypy"]["files"]) == {*PRODUCT - {"ml_scripts"}, "app.py"}


def test_every_package_is_installed() -> None:
    """The benchmarks are run from the project; the scripts are data, which the deployment packs."""
    found = SETTINGS["tool"]["setuptools"]["packages"]["find"]["include"]
    assert {name.removesuffix("*") for name in found} == PRODUCT - {"benchmarks", "ml_scripts"}


@pytest.mark.parametrize("package", sorted(PRODUCT - {"benchmarks"}))
def test_every_package_with_rooms_has_them_in_order(package: str) -> None:
    """In layers that name each room, so that a new room finds its place or is refused."""
    held = [each for each in CONTRACTS.values() if each.get("containers") == [package]]
    if package == "ml_scripts":  # tests/unit/ml_scripts/test_rooms.py
        assert held == []
        return
    assert [each["exhaustive"] for each in held] == [True]


def test_the_lambdas_import_what_their_package_has() -> None:
    trees = [ast.parse(path.read_text("utf-8")) for path in (PROJECT / "lambdas").rglob("*.py")]
    found = {name.split(".")[0] for tree in trees for name in _imported(tree)}
    ours = {*sys.stdlib_module_names, "lambdas"}
    foreign = {name for name in found - ours if not name.startswith("mypy_boto3_")}
    assert foreign == OF_THE_LAMBDAS


def _imported(tree: ast.Module) -> list[str]:
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.append(node.module)
    return names
