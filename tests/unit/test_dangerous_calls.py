"""What no code that meets others' files may call, however well it is meant."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import PRODUCT, PROJECT, product_sources

SOURCES = product_sources()
# Where it is right all the same, and why.
ALLOWED = {
    "local_aws/state/pickles.py": {  # what the embedded AWS keeps, in a folder of the user's own
        "import of pickle",
        "import of cloudpickle",
    },
    "local_aws/stepfunctions/redrive.py": {"program.eval()"},  # moto's name for running a program
    "local_aws/stepfunctions/sagemaker_task.py": {"self.parargs.eval()"},
    "local_aws/stepfunctions/language/outputs.py": {
        "self.output.eval()",
        "self.output_path.eval()",
    },
    "local_aws/stepfunctions/language/variables.py": {"binding.eval()"},
    "local_aws/stepfunctions/language/waits.py": {"seconds.eval()"},
    "local_aws/__main__.py": {"os.execve()"},  # of itself, without the shell's variables
    "local_aws/processes/leash.py": {"os.execvp()"},  # of the child that it holds
    "benchmarks/parts.py": {"archive.extractall()"},  # of a bundle that it has just made itself
    "benchmarks/monolith.py": {  # the script as people write it; Keras's default is the safe mode
        "keras.models.load_model() without safe_mode=True"
    },
    "benchmarks/results.py": {"Environment() without autoescape=True"},  # Jinja2's, of Markdown
    "benchmarks/simulation/scenarios.py": {"simpy.Environment() without autoescape=True"},
}
MODULES = {"cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve", "yaml"}
# Calls that are never right, and keywords without which the others are not.
NEVER = {"enable_unsafe_deserialization", "eval", "exec", "extractall", "unpack_archive"}
NEEDED = {
    "load_model": ("safe_mode", True),
    "np.load": ("allow_pickle", False),
    "np.save": ("allow_pickle", False),
    "Environment": ("autoescape", True),
}
FORBIDDEN = {"shell": True, "safe_mode": False, "allow_pickle": True}
SHELLS = {"bash", "sh", "zsh"}
OF_OS = ("popen", "system")
# What reads or writes under a name of its own, and would be called past the names above.
BY_THE_MODULE = {"numpy": {"load", "save"}}


def _problems(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names]
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else names
            yield from (f"import of {n}" for n in names if n.split(".")[0] in MODULES)
        if isinstance(node, ast.ImportFrom):
            past = {alias.name for alias in node.names} & BY_THE_MODULE.get(
                node.module or "", set()
            )
            yield from (f"import of {node.module}.{name} by its own name" for name in sorted(past))
        if isinstance(node, ast.Call):
            yield from _wrong_call(node)


def _shell(call: ast.Call, name: str) -> Iterator[str]:
    """A shell by another way than `shell=True`, and a module by its name as text."""
    if name in {f"os.{each}" for each in OF_OS} or name.startswith(("os.exec", "os.spawn")):
        yield f"{name}()"
    first = call.args[0] if call.args else None
    if name.endswith("import_module") and isinstance(first, ast.Constant):
        yield from (f"import of {each}" for each in MODULES if str(first.value) == each)
    words = [each.value for each in getattr(first, "elts", ()) if isinstance(each, ast.Constant)]
    if {str(word).rsplit("/", 1)[-1] for word in words[:1]} & SHELLS and "-c" in words:
        yield f"{name}() of a shell"


def _wrong_call(call: ast.Call) -> Iterator[str]:
    name = ast.unparse(call.func)
    yield from _shell(call, name)
    given = {k.arg: k.value.value for k in call.keywords if isinstance(k.value, ast.Constant)}
    if name.rsplit(".", 1)[-1] in NEVER:
        yield f"{name}()"
    for needed, (keyword, value) in NEEDED.items():
        called = name == needed or name.endswith(f".{needed}")
        if called and given.get(keyword) is not value:
            yield f"{name}() without {keyword}={value}"
    for keyword, value in FORBIDDEN.items():
        if keyword in given and given[keyword] is value:
            yield f"{name}({keyword}={value})"
    arguments = [ast.unparse(each) for each in call.args]
    if any(each in {"os.environ", "dict(os.environ)"} for each in arguments) and name in {
        "print",
        "json.dumps",
        "str",
        "repr",
        "log.info",
    }:
        yield f"{name}(os.environ)"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_nothing_dangerous_is_called(path: Path) -> None:
    found = set(_problems(ast.parse(path.read_text(encoding="utf-8"))))
    assert found == ALLOWED.get(str(path.relative_to(PROJECT)), set())


def test_every_folder_with_code_is_looked_through_to_its_last_room() -> None:
    looked_at = {path.relative_to(PROJECT).parts for path in SOURCES}
    assert {*PRODUCT, "examples"} <= {parts[0] for parts in looked_at}
    assert any(len(parts) > 2 for parts in looked_at)


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from joblib import load",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "keras.models.load_model(path)",
        "load_model(path, safe_mode=False)",
        "tar.extractall(folder, filter='data')",
        "Environment(loader=x)",
        "jinja2.Environment(autoescape=False)",
        "subprocess.run('x', shell=True)",
        "print(dict(os.environ))",
        "os.system('x')",
        "os.popen('x')",
        "os.execv('/bin/sh', ['sh', '-c', x])",
        "subprocess.run(['sh', '-c', x])",
        "subprocess.Popen(('/bin/bash', '-c', x))",
        "importlib.import_module('pickle')",
        "from numpy import load",
    ],
)
def test_the_check_itself_can_fail(code: str) -> None:
    assert list(_problems(ast.parse(code)))
