"""What the project's documents name, and what of it is missing.

A reader follows a link, opens a file that a text mentions and types a command that it shows, so
each of them must lead somewhere. Files are looked for in the whole text; modules, tests and
commands in its `code`.
"""

import importlib.util
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

# A word that ends so is a file of the project, in whatever folder. JSON is not in the list: the
# documents speak of many JSON files that only runs and uploads have.
ENDINGS = (".css", ".in", ".j2", ".js", ".md", ".py", ".sh", ".toml")
# What a user knows by its name alone: the project's own files, and the scripts that one replaces.
KNOWN_BY_NAME = ("", "ml_scripts/")

_FENCED = re.compile(r"^( *)(```+|~~~+)[^\n]*\n(.*?)^\1\2 *$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?<=\n\n)(?: {4}.*\n|\n(?= {4}))+")
_SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_LINK = re.compile(r"\]\(<?([^()\s>]+)>?(?: [^)]*)?\)|<img [^>]*?\bsrc=\"([^\"]+)\"")
_HEADING = re.compile(r"^#{1,6} +(.+?)[ #]*$", re.MULTILINE)
_ADDRESS = re.compile(r"\w+://\S+")
# A word may not be the end of a longer path: /opt/ml/x.py and $HOME/x.py are elsewhere.
_PATH = re.compile(r"(?<![\w./~$}:@*>-])[.\w*<][\w.*<>-]*(?:/[\w.*<>-]+)*/?")
_PLACEHOLDER = re.compile(r"<[^<>]*>|(?<![A-Za-z0-9])[A-Z]{4,}(?![A-Za-z0-9])")  # <any> or NAME
_TEST = re.compile(r"(?<![\w./*])(?:\w+/)*test_\w+(?![\w.*/])")
_RUN_MODULE = re.compile(r"(?<=python -m )[\w.]+")
_DOTTED = re.compile(r"(?<![\w./-])[a-z]\w+(?:\.\w+)+(?![\w/(-])")
_MAKE = re.compile(r"(?<![\w-])make (?:[A-Z_]+=\S+ )*([a-z][a-z-]*)(?![\w./])")
_RETRAIN = re.compile(r"(?<![\w/.`-])retrain ([a-z]+)(?: ([a-z]+(?:\|[a-z]+)*))?(?![\w=:./])")


@dataclass(frozen=True)
class Project:
    """The names that a document may use.

    `paths` are the files and folders, from the project's root; `tests` the test functions;
    `commands` those of `retrain`, each with its own commands if it is a group.
    """

    paths: frozenset[str]
    tests: frozenset[str] = frozenset()
    targets: frozenset[str] = frozenset()
    commands: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def top(self) -> set[str]:
        """The folders at the root."""
        return {path.partition("/")[0] for path in self.paths if "/" in path}

    def places(self, path: str, *, anywhere: bool = False) -> list[str]:
        """Return the paths that are so, or, `anywhere`, that end so; `*` stands for any name."""
        name = re.escape(path.rstrip("/")).replace(r"\*", "[^/]*")
        wanted = re.compile(("(?:.*/)?" if anywhere else "") + name)
        return sorted(filter(wanted.fullmatch, self.paths))

    def has_module(self, name: str) -> bool:
        """Tell whether that is a module or a package. In a container ml_scripts/ is the top."""
        path = name.replace(".", "/")
        places = (path, f"{path}.py", f"ml_scripts/{path}", f"ml_scripts/{path}.py")
        return not self.paths.isdisjoint(places)


def problems(project: Project, text: str) -> list[str]:
    """Return what a text names that is not there, or is the name of several files."""
    found = set(_wrong_paths(project, _ADDRESS.sub(" ", _LINK.sub("]", text))))
    for code in code_in(text):
        found.update(_wrong_tests(project, code))
        found.update(_wrong_modules(project, code))
        found.update(_wrong_commands(project, code))
    return sorted(found)


def code_in(text: str) -> list[str]:
    """Return the text's code: each line of a block, and each span."""
    blocks = [match[3] for match in _FENCED.finditer(text)]
    prose = _FENCED.sub("", text)
    blocks += _INDENTED.findall(prose)
    spans = [match[2] for match in _SPAN.finditer(_INDENTED.sub("", prose))]
    code = [line for block in blocks for line in block.splitlines()] + spans
    return [_ADDRESS.sub(" ", " ".join(each.split())).replace(r"\|", "|") for each in code]


def _wrong_paths(project: Project, text: str) -> Iterator[str]:
    for word in (match.rstrip(".") for match in _PATH.findall(text)):
        path = _PLACEHOLDER.sub("*", word)
        if "/" in path and path.partition("/")[0] in project.top:
            if not project.places(path):
                yield word
        elif path.endswith(ENDINGS):
            yield from _unclear(project, word, path)


def _wrong_tests(project: Project, code: str) -> Iterator[str]:
    for word in _TEST.findall(code):
        if word not in project.tests:
            yield from _unclear(project, word, f"{word}.py")


def _unclear(project: Project, word: str, path: str) -> Iterator[str]:
    places = project.places(path, anywhere=True)
    known = any(f"{folder}{path}" in places for folder in KNOWN_BY_NAME)
    if not places:
        yield word
    elif len(places) > 1 and not known and "*" not in path:
        yield f"{word}: {' or '.join(places)}"


def _wrong_modules(project: Project, code: str) -> Iterator[str]:
    for name in _DOTTED.findall(code):
        ours = name.partition(".")[0] in project.top and not name.endswith(ENDINGS)
        # The last name may be one in the module.
        if ours and not any(map(project.has_module, (name, name.rpartition(".")[0]))):
            yield name
    for name in _RUN_MODULE.findall(code):
        package = name.partition(".")[0]
        installed = package not in project.top and importlib.util.find_spec(package)
        if not installed and not project.has_module(name):
            yield f"python -m {name}"


def _wrong_commands(project: Project, code: str) -> Iterator[str]:
    for target in _MAKE.findall(code):
        if target not in project.targets:
            yield f"make {target}"
    for command, below in _RETRAIN.findall(code):
        if command not in project.commands:
            yield f"retrain {command}"
        elif inside := project.commands[command]:
            unknown = set(filter(None, below.split("|"))) - inside
            yield from (f"retrain {command} {each}" for each in unknown)


def tree_in(text: str) -> list[str]:
    """Return the paths of the first block of code that is a tree, four spaces for each level."""
    block = next(match[3] for match in _FENCED.finditer(text) if "\n    " in match[3])
    found: list[str] = []
    above: list[str] = []
    for indent, name in re.findall(r"^((?: {4})*)([\w./-]+)", block, re.MULTILINE):
        above[len(indent) // 4 :] = [name.rstrip("/")]
        found.append("/".join(above))
    return found


def broken_links(document: Path, text: str, root: Path) -> list[str]:
    """Return the relative links of a document that lead to no file, or to no heading in it."""
    found = []
    for link in (a or b for a, b in _LINK.findall(_SPAN.sub("", _FENCED.sub("", text)))):
        path, _, anchor = link.partition("#")
        if _ADDRESS.match(link) or link.startswith("mailto:"):
            continue
        target = (document.parent / path).resolve() if path else document
        there = target.exists() and target.is_relative_to(root)
        if there and anchor:
            there = anchor in anchors(target.read_text("utf-8") if path else text)
        if not there:
            found.append(link)
    return found


def anchors(text: str) -> set[str]:
    """Return the anchors of a document's headings, as GitHub makes them."""
    seen: Counter[str] = Counter()
    found = set()
    for heading in _HEADING.findall(_FENCED.sub("", text)):
        shown = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found
