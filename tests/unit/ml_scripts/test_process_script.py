"""process.sh: unpack, become the script, and pass on its arguments, exit code and failure."""

import shutil
import subprocess
import sys
import tarfile

import pytest


@pytest.fixture
def job(tmp_path, ml_scripts, script_environment):
    """Run process.sh in a job's base directory with the given source files."""

    def run(
        sources: dict[str, str], *arguments: str, beside: str = ""
    ) -> subprocess.CompletedProcess:
        code = tmp_path / "processing/input/code"
        code.mkdir(parents=True)
        if beside:
            (code / beside).parent.mkdir(parents=True, exist_ok=True)
            (code / beside).write_text("print('not of the bundle')")
        shutil.copy(ml_scripts / "process.sh", code)
        with tarfile.open(code / "sourcedir.tar.gz", "w:gz") as tar:
            for name, text in sources.items():
                (tmp_path / name).write_text(text)
                tar.add(tmp_path / name, arcname=name)
        return subprocess.run(
            ["/bin/bash", str(code / "process.sh"), *arguments],
            env=script_environment(tmp_path),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


SCRIPT = "import sys, sibling; print(sibling.NAME, sys.argv[1:]); sys.exit(7)"


def test_the_script_gets_its_arguments_and_its_exit_code_is_the_jobs(job):
    result = job({"job.py": SCRIPT, "sibling.py": "NAME = 'x'"}, "job.py", "--seed", "4 2")
    assert result.returncode == 7
    assert result.stdout == "x ['--seed', '4 2']\n"


def test_requirements_that_are_there_ask_no_network(job):
    requirements = "--no-index\nnumpy>=1\n"
    result = job({"job.py": "print('ran')", "requirements.txt": requirements}, "job.py")
    assert (result.returncode, result.stdout) == (0, "ran\n"), result.stderr


def test_pip_is_not_asked_for_what_is_there(job, ml_scripts):
    sources = {
        "job.py": "print('ran')",
        "requirements.txt": "numpy>=1\n",
        "installed.py": (ml_scripts / "installed.py").read_text(),
        "pip.py": "raise SystemExit('pip was asked')",
    }
    result = job(sources, "job.py")
    assert (result.returncode, result.stdout) == (0, "ran\n"), result.stderr


def test_requirements_that_cannot_be_installed_fail_the_job(job, tmp_path):
    requirements = "--no-index\nno-such-package-as-this==1\n"
    result = job({"job.py": "print('ran')", "requirements.txt": requirements}, "job.py")
    assert result.returncode == 1
    assert result.stdout == ""
    assert (tmp_path / "output/message").read_text().startswith("requirements.txt: pip could not")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((), "process.sh: found no script"), (("job.py",), "sourcedir.tar.gz: found no job.py")],
)
def test_a_missing_script_fails_the_job(job, tmp_path, arguments, message):
    result = job({}, *arguments)
    assert result.returncode == 1
    assert result.stderr.startswith(f"error: {message}")
    assert (tmp_path / "output/message").read_text().startswith(message)


def test_an_archive_that_cannot_be_unpacked_fails_the_job(job, tmp_path):
    job({})
    archive = tmp_path / "processing/input/code/sourcedir.tar.gz"
    archive.write_bytes(b"no archive")
    result = subprocess.run(
        ["/bin/bash", str(archive.parent / "process.sh"), "job.py"],
        env={"SAGEMAKER_BASE_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 1
    assert "sourcedir.tar.gz: cannot be unpacked" in (tmp_path / "output/message").read_text()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_an_archive_with_anything_but_files_and_folders_is_refused(
    tmp_path, ml_scripts, script_environment, kind
):
    code = tmp_path / "processing/input/code"
    code.mkdir(parents=True)
    shutil.copy(ml_scripts / "process.sh", code)
    member = tarfile.TarInfo("job.py")
    member.type, member.linkname = kind, "/etc/passwd"
    with tarfile.open(code / "sourcedir.tar.gz", "w:gz") as tar:
        tar.addfile(member)
    result = subprocess.run(
        ["/bin/bash", str(code / "process.sh"), "job.py"],
        env=script_environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 1
    said = (tmp_path / "output/message").read_text()
    assert said.startswith("sourcedir.tar.gz: found a link or a device in it")
    assert not list((code / "unpacked").iterdir())


@pytest.mark.parametrize("beside", ["unpacked/sibling.py", "unpacked/sub/x.py", "unpacked"])
def test_code_that_lies_where_the_bundle_is_unpacked_is_refused(job, beside):
    result = job({"job.py": "import sibling"}, "job.py", beside=beside)
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.startswith("error: code: found files in unpacked/")


@pytest.mark.parametrize("beside", ["sibling.py", "job.py", "sitecustomize.py", "pip.py"])
def test_code_that_lies_beside_the_bundle_is_not_run(job, beside):
    sources = {"job.py": "import sibling", "sibling.py": "print('ran')"}
    result = job(sources, "job.py", beside=beside)
    assert (result.returncode, result.stdout) == (0, "ran\n"), result.stderr


@pytest.mark.parametrize("missing", ["python", "tar", "gzip"])
def test_an_image_without_a_program_fails_the_job_and_names_it(
    tmp_path, ml_scripts, script_environment, missing
):
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in {"dirname", "mkdir", "python", "tar", "gzip"} - {missing}:
        (programs / name).symlink_to(shutil.which(name) or sys.executable)
    code = tmp_path / "processing/input/code"
    code.mkdir(parents=True)
    shutil.copy(ml_scripts / "process.sh", code)
    with tarfile.open(code / "sourcedir.tar.gz", "w:gz"):
        pass

    result = subprocess.run(
        ["/bin/bash", str(code / "process.sh"), "job.py"],
        env=script_environment(tmp_path) | {"PATH": str(programs)},
        check=False,
    )

    assert result.returncode == 1
    assert (tmp_path / "output/message").read_text().startswith(f"the image has no {missing}")
