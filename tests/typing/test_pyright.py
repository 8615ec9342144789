"""Types of the public API in pyright; `mypy` checks the same files with the packages."""

import shutil
import subprocess

import pytest

from tests.helpers.repository import ROOT


def check(path):
    program = shutil.which("basedpyright")
    if program is None:
        pytest.skip("basedpyright is not installed: run `nox -s types`")
    command = [program, "--level", "error", str(path)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize("name", ["client", "adapters"])
def test_pyright_infers_the_types_of_the_public_api(name):
    done = check(ROOT / "tests/typing" / f"{name}.py")
    assert done.returncode == 0, done.stdout


def test_pyright_reports_a_wrong_type(tmp_path):
    text = (ROOT / "tests/typing/client.py").read_text()
    wrong = tmp_path / "wrong.py"
    wrong.write_text(text.replace("assert_type(answer.parsed, City)", "assert_type(answer, City)"))
    assert check(wrong).returncode == 1
