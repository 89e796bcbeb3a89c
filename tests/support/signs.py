"""The sign of a package, its docstring, held against the imports in the code.

Two sentences of a sign say what the package imports and what imports the package:

    This package imports `a` and `b`. `c` and `d` import it.

A name is a package or a file: `operations.models`, `operations/stage.py`, or, from the folder that
the package lies in, `stage.py`. A package stands for all that is in it. "The rest of `console`", in
the sign of a package in `console`, stands for whatever in `console` is not in that package. Where
there is nothing to name, the sign says so:

    This package imports no other package of this project. No other package imports it.

Between the names a sentence may give a reason, without backticks.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import grimp

from tests.support.paths import PRODUCT

IMPORTS = "This package imports `a` and `b`."
IMPORTED = "`c` and `d` import it."
_FORMS = {IMPORTS: r"This package imports .*\.", IMPORTED: r".* imports? it\."}
_BETWEEN_SENTENCES = re.compile(r"(?<=\.)\s+(?=[A-Z`])|\n\s*\n")
_NAME = re.compile(r"(the rest of )?`([^`]+)`", re.IGNORECASE)
_NOTHING = re.compile(r"no other package\b", re.IGNORECASE)
_SCRIPTS = "ml_scripts"


@dataclass(frozen=True)
class Imports:
    """The modules of the product, and which imports which: pairs, the importer first."""

    modules: frozenset[str]
    pairs: frozenset[tuple[str, str]]

    def by(self, package: str) -> list[str]:
        """Return the modules outside the package that the package imports."""
        return sorted({b for a, b in self.pairs if is_in(a, package) and not is_in(b, package)})

    def of(self, package: str) -> list[str]:
        """Return the modules outside the package that import the package."""
        return sorted({a for a, b in self.pairs if is_in(b, package) and not is_in(a, package)})


def imports_of_the_product() -> Imports:
    """Read all imports of the product, those in functions and under TYPE_CHECKING too.

    In a container ml_scripts/ is the top folder: `import data` there is an import of
    ml_scripts.data.
    """
    graph = grimp.build_graph(*sorted(PRODUCT), include_external_packages=True, cache_dir=None)
    ours = frozenset(name for name in graph.modules if name.partition(".")[0] in PRODUCT)

    def full(name: str, importer: str) -> str:
        script = f"{_SCRIPTS}.{name}"
        return script if script in ours and is_in(importer, _SCRIPTS) else name

    pairs = {
        (importer, full(imported, importer))
        for importer in ours
        for imported in graph.find_modules_directly_imported_by(importer)
    }
    return Imports(ours, frozenset(pair for pair in pairs if pair[1] in ours))


def differences(package: str, sign: str, imports: Imports) -> list[str]:
    """Return how a package's sign and the imports in the code differ, a line for each."""
    sentences = [" ".join(sentence.split()) for sentence in _BETWEEN_SENTENCES.split(sign)]
    found = {IMPORTS: imports.by(package), IMPORTED: imports.of(package)}
    return [
        line
        for form, modules in found.items()
        for line in _compared(package, form, sentences, modules, imports.modules)
    ]


def is_in(module: str, package: str) -> bool:
    """Tell whether the module is the package or lies in it, however deep."""
    return f"{module}.".startswith(f"{package}.")


def _compared(
    package: str, form: str, sentences: list[str], found: list[str], known: frozenset[str]
) -> Iterator[str]:
    listed = ", ".join(found) or "nothing"
    said = [sentence for sentence in sentences if re.fullmatch(_FORMS[form], sentence)]
    if len(said) != 1:
        yield f"{len(said)} sentences like {form!r}, expected 1. The code has: {listed}"
        return
    try:
        named = [_module(package, name, rest, known) for rest, name in _NAME.findall(said[0])]
    except ValueError as error:
        yield f"{said[0]!r} {error}"
        return
    if bool(named) == bool(_NOTHING.search(said[0])):
        yield f"{said[0]!r} needs either names in backticks or 'no other package'"
    if missing := [each for each in found if not any(is_in(each, name) for name in named)]:
        yield f"{said[0]!r} leaves out {', '.join(missing)}"
    if wrong := [name for name in named if not any(is_in(each, name) for each in found)]:
        yield f"{said[0]!r} names {', '.join(wrong)}. The code has: {listed}"


def _module(package: str, name: str, rest: str, known: frozenset[str]) -> str:
    """Return the module that a sign names. Raises ValueError where no module fits."""
    dotted = name.removesuffix(".py").replace("/", ".")
    places = (dotted, f"{package.rpartition('.')[0]}.{dotted}")
    module = next((place for place in places if place in known), None)
    if module is None:
        raise ValueError(f"names `{name}`, which is no package and no file of the product")
    if is_in(module, package):
        raise ValueError(f"names `{name}`, which is in the package itself")
    if is_in(package, module) != bool(rest):
        raise ValueError(f"names `{name}`: 'the rest of' is for a folder that the package is in")
    return module
