"""The house: no crowded room, a true sign on every door, and no name that repeats its room's."""

import ast
from collections import Counter
from pathlib import Path

import pytest

from tests.support.paths import PROJECT, product_sources
from tests.support.signs import Imports, differences, imports_of_the_product

MOST_MODULES = 16
SOURCES = [path for path in product_sources() if path.parent != PROJECT]
PACKAGES = [path for path in SOURCES if path.name == "__init__.py"]
MODULES = [path for path in SOURCES if path.name != "__init__.py"]
SMALL = Imports(
    modules=frozenset({"a", "a.room", "a.room.inside", "a.file", "b", "b.c"}),
    pairs=frozenset(
        {("a.room.inside", "b.c"), ("a.room.inside", "a.room"), ("a.file", "a.room.inside")}
    ),
)


def test_no_room_is_crowded() -> None:
    rooms = Counter(path.parent.relative_to(PROJECT) for path in MODULES)

    assert {str(room): size for room, size in rooms.items() if size > MOST_MODULES} == {}


@pytest.mark.parametrize("path", PACKAGES, ids=lambda path: str(path.parent.relative_to(PROJECT)))
def test_every_room_has_a_sign_on_its_door(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))

    assert ast.get_docstring(tree)
    assert len(tree.body) == 1  # whatever it does at import, its rooms would do as well


@pytest.fixture(scope="module")
def imports() -> Imports:
    return imports_of_the_product()


@pytest.mark.parametrize("path", PACKAGES, ids=lambda path: str(path.parent.relative_to(PROJECT)))
def test_a_sign_names_what_its_room_imports_and_what_imports_the_room(
    imports: Imports, path: Path
) -> None:
    """A sign leaves out no import of the code, and names none that the code does not have.

    An import in a function counts, and so does an import under TYPE_CHECKING: whoever changes a
    type has to look at both places. app.py and the scripts in examples/ are in no package, so no
    sign has to name them. `python -m console` starts a process and is no import.
    """
    package = ".".join(path.parent.relative_to(PROJECT).parts)
    sign = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""

    wrong = differences(package, sign, imports)
    assert not wrong, "\n".join([f"{path.relative_to(PROJECT)}:", *wrong])


@pytest.mark.parametrize(
    ("sign", "said"),
    [
        ("`file.py` imports it.", "0 sentences like 'This package imports `a` and `b`.'"),
        ("This package imports `b`.", "0 sentences like '`c` and `d` import it.'"),
        ("This package imports `b`. `a.file` imports it. `b` imports it.", "2 sentences like"),
        ("This package imports no other package of this project.", "leaves out b.c"),
        ("No other package imports it.", "leaves out a.file"),
        ("This package imports b.", "needs either names in backticks or 'no other package'"),
        ("This package imports `b` and no other package.", "needs either names in backticks"),
        ("This package imports `b`, and may import `a.file`.", "names a.file. The code has: b.c"),
        ("`file.py` and `b` import it.", "names b. The code has: a.file"),
        ("`files.py` imports it.", "names `files.py`, which is no package and no file"),
        ("`room/inside.py` imports it.", "which is in the package itself"),
        ("`a` imports it.", "'the rest of' is for a folder that the package is in"),
        ("This package imports the rest of `b`.", "'the rest of' is for a folder"),
    ],
)
def test_the_check_of_signs_finds_what_is_wrong(sign: str, said: str) -> None:
    assert said in "\n".join(differences("a.room", sign, SMALL))


@pytest.mark.parametrize(
    "sign",
    [
        "A room.\n\nThis package imports `b`. `file.py` imports it.",
        "A room:\n\n    a table\n\nThis package imports\n`b`. `a.file` imports it.",
        "`a/file.py` imports it. This package imports `b.c`, because a room has to.",
        "This package imports `b/c.py`, and no screen. The rest of `a` imports it.",
    ],
)
def test_the_check_of_signs_accepts_what_the_code_has(sign: str) -> None:
    assert differences("a.room", sign, SMALL) == []


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
