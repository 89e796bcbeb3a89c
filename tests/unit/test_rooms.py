"""The house: no crowded room, a sign on every door, and no name that repeats its room's."""

import ast
from collections import Counter
from pathlib import Path

import pytest

from tests.support.paths import PROJECT, product_sources

MOST_MODULES = 16
SOURCES = [path for path in product_sources() if path.parent != PROJECT]
PACKAGES = [path for path in SOURCES if path.name == "__init__.py"]
MODULES = [path for path in SOURCES if path.name != "__init__.py"]


def test_no_room_is_crowded() -> None:
    rooms = Counter(path.parent.relative_to(PROJECT) for path in MODULES)

    assert {str(room): size for room, size in rooms.items() if size > MOST_MODULES} == {}


@pytest.mark.parametrize("path", PACKAGES, ids=lambda path: str(path.parent.relative_to(PROJECT)))
def test_every_room_has_a_sign_on_its_door(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))

    assert ast.get_docstring(tree)
    assert len(tree.body) == 1  # whatever it does at import, its rooms would do as well


def test_every_folder_of_modules_is_a_package() -> None:
    folders = {path.parent for path in MODULES if "examples" not in path.parts}

    assert folders == {path.parent for path in PACKAGES}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_no_name_repeats_its_room(path: Path) -> None:
    room = path.parent.name

    assert not path.stem.startswith((f"{room}_", f"{room.removesuffix('s')}_"))


def test_no_three_names_in_a_room_share_a_prefix_that_wants_a_room() -> None:
    prefixes = Counter(
        (str(path.parent.relative_to(PROJECT)), path.stem.partition("_")[0])
        for path in MODULES
        if "_" in path.stem
    )

    crowded = {name for name, count in prefixes.items() if count > 2}
    assert crowded <= {("lambdas", "on")}  # named as their Lambdas are, which are deployed so
