"""The script ``run``: which Python and which environment it uses."""

import re
import runpy
import sys
import tomllib
import venv

import pytest

from tests.helpers.repository import ROOT

RUN = runpy.run_path(str(ROOT / "run"), run_name="run")


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 9), (3, 14, 1)])
def test_run_uses_its_own_python_when_the_lock_supports_it(monkeypatch, version):
    monkeypatch.setattr(sys, "version_info", version)
    assert RUN["find_python"]() == sys.executable


@pytest.mark.parametrize("version", [(3, 10, 9), (3, 15, 0)])
def test_run_looks_for_another_python_when_the_lock_does_not_support_its_own(
    monkeypatch, tmp_path, version
):
    monkeypatch.setattr(sys, "version_info", version)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert RUN["find_python"]() == ""
    other = tmp_path / "python3.12"
    other.touch(mode=0o755)
    assert RUN["find_python"]() == str(other)


def test_run_supports_the_versions_of_the_lock():
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["uv"]
    [(major, minor)] = re.findall(r"< '(\d+)\.(\d+)'", *tool["environments"])
    assert RUN["NEWEST"] == (int(major), int(minor) - 1)


def test_run_creates_an_environment_again_when_uv_made_it_without_pip_and_is_gone(
    monkeypatch, tmp_path
):
    venv.create(tmp_path / "venv", with_pip=False, symlinks=True)
    names = RUN["is_usable"].__globals__
    monkeypatch.setitem(names, "PYTHON", tmp_path / "venv" / names["BIN"].name / "python")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert names["PYTHON"].exists()
    assert not RUN["is_usable"]()
