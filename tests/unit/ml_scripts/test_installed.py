"""pip is asked only for what may be missing."""

from importlib.metadata import version

import pytest

from installed import all_installed

NUMPY = version("numpy")
HASHED = f"""numpy=={NUMPY} ; python_full_version >= "3.11" and sys_platform == "linux" \\
    --hash=sha256:{"0" * 64} \\
    --hash=sha256:{"1" * 64}
    # via scipy
"""


@pytest.mark.parametrize(
    "requirements",
    [
        "",
        "# nothing\n\n",
        f"numpy=={NUMPY}\n",
        "numpy>=1,<99  # for arrays\nPyYAML\n",
        HASHED,
        'no-such-package==1 ; python_full_version < "3"\n',
    ],
)
def test_what_is_there(requirements):
    assert all_installed(requirements)


@pytest.mark.parametrize(
    "requirements",
    [
        "numpy==0.1\n",
        "numpy\nno-such-package==1\n",
        "requests[socks]\n",
        "numpy @ https://example.com/numpy.whl\n",
        "-r other.txt\n",
        "--no-index\nnumpy\n",
        "./a-folder\n",
    ],
)
def test_what_is_left_to_pip(requirements):
    assert not all_installed(requirements)


def test_what_the_jobs_ask_for_is_there(ml_scripts):
    assert all_installed((ml_scripts / "requirements.txt").read_text())
