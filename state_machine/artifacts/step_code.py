"""Which of a bundle's files each step can read, and one digest of them: the step's code.

A step whose digest is the same computes the same, so the answer errs on the side of too many files.
A step has its entry script and whatever that imports, directly or not, wherever the import stands;
files that one of these names: a script by a literal such as "report.html.j2", another file anywhere
in it; and all that no step was found to have, requirements.txt and process.sh among them. A script
that imports by a name that is only known when it runs has every file.
"""

import ast
import hashlib
import posixpath
from collections.abc import Iterator, Mapping

# The script that each state's job starts: state_machine.definition.jobs.
ENTRIES = {"Preprocess": "preprocessing.py", "Train": "main.py", "Evaluate": "evaluation.py"}

# What may import, or run, a file whose name stands nowhere.
_DYNAMIC = {"__import__", "exec", "import_module", "run_module", "run_path"}

Files = Mapping[str, bytes]


def digests(files: Files) -> dict[str, str]:
    """Return the digest of each state's code; `files` are the bundle's, by their paths in it."""
    of_steps = {state: _reached(entry, files) for state, entry in ENTRIES.items()}
    of_all = files.keys() - set().union(*of_steps.values())
    return {state: _digest(files, found | of_all) for state, found in of_steps.items()}


def _digest(files: Files, names: set[str]) -> str:
    rows = (f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(names))
    return hashlib.sha256("".join(rows).encode("utf-8", "surrogateescape")).hexdigest()


def _reached(entry: str, files: Files) -> set[str]:
    found: set[str] = set()
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        if name in files and name not in found:
            found.add(name)
            waiting += _uses(name, files) if name.endswith(".py") else _mentions(name, files)
    return found


def _mentions(name: str, files: Files) -> Iterator[str]:
    return (other for other in files if posixpath.basename(other).encode() in files[name])


def _uses(name: str, files: Files) -> Iterator[str]:
    """Yield names of files that a script may use; some of them may not be there."""
    try:
        tree = ast.parse(files[name])
    except (SyntaxError, ValueError):  # it will not run, or is no script
        yield from files
        return
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                for alias in names:
                    yield from _modules(alias.name)
            case ast.ImportFrom(module=module, names=names, level=level):
                package = _package(name, level)
                for alias in names:
                    yield from _modules(".".join(filter(None, (package, module, alias.name))))
            case ast.Constant(value=str(text)):
                yield from _named(text, files)
            case ast.Name(id=called) | ast.Attribute(attr=called) if called in _DYNAMIC:
                yield from files


def _modules(dotted: str) -> Iterator[str]:
    """Yield where a module, its parents included, would lie: `a.b` in a.py, a/b.py and so on."""
    parts = dotted.split(".")
    for end in range(1, len(parts) + 1):
        path = "/".join(parts[:end])
        yield f"{path}.py"
        yield f"{path}/__init__.py"


def _package(name: str, level: int) -> str:
    """Return the package that a relative import starts from, '' for an absolute one."""
    if not level:
        return ""
    parts = posixpath.dirname(name).split("/")
    return ".".join(parts[: len(parts) - level + 1])


def _named(text: str, files: Files) -> Iterator[str]:
    if text in files:
        yield text
    yield from (name for name in files if "/" in name and posixpath.basename(name) == text)
