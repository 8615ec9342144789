"""The Zapier project: its own tests, by its own tools, against the sandbox on a real socket."""

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess

import pytest

from tests.helpers.repository import ROOT

PROJECT = ROOT / "cookbooks" / "zapier"
LOCK = PROJECT / "package-lock.json"
STAMP = PROJECT / "node_modules" / ".installed-from"
OFFLINE = re.compile(r"ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT")
OLDEST_NODE = 20
LEAST = 75  # tests; a runner that finds none passes, too


@pytest.fixture(scope="module")
def installed():
    """The packages of the lock, installed once and kept; asked for before proxies are hidden."""
    if not shutil.which("npm") or node_version() < OLDEST_NODE:
        pytest.skip(f"needs Node.js {OLDEST_NODE} or newer, with npm")
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if not STAMP.exists() or STAMP.read_text() != wanted:
        install()
        STAMP.write_text(wanted)
    return PROJECT


def node_version():
    if not shutil.which("node"):
        return 0
    told = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    return int(told.stdout.lstrip("v").split(".")[0])


def install():
    command = ["npm", "ci", "--ignore-scripts", "--fetch-retries=1", "--fetch-timeout=20000"]
    try:
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=90)
    except subprocess.TimeoutExpired:
        pytest.skip("the package registry does not answer")
    if done.returncode and OFFLINE.search(done.stdout + done.stderr):
        pytest.skip("the package registry cannot be reached")
    assert not done.returncode, done.stderr[-2000:]


@pytest.mark.timeout(400)  # with the installation, on a loaded machine; 20 seconds otherwise
def test_the_projects_own_tests_pass(installed, sandbox):
    env = {**os.environ, "LLMAAS_ADMIN_KEY": sandbox.admin_key}
    command = ["npm", "test", "--silent", "--", "--reporter=json"]
    done = subprocess.run(
        command, cwd=installed, env=env, capture_output=True, text=True, timeout=280
    )
    report = json.loads(done.stdout[done.stdout.index("{") :])
    failed = {test["fullTitle"]: test["err"].get("message") for test in report["failures"]}
    assert not failed
    assert report["stats"]["passes"] >= LEAST
    assert not done.returncode
    assert sandbox.api_key not in done.stdout + done.stderr


def test_the_build_is_told_of_files_that_it_would_miss(installed):
    """Zapier's bundler overlooks what Node 22 prefers: modules of the condition module-sync."""
    locked = json.loads(LOCK.read_text())["packages"]
    wanted = set()
    for folder, entry in locked.items():
        if folder and not entry.get("dev"):
            exports = json.loads((PROJECT / folder / "package.json").read_text()).get("exports")
            found = re.findall(r'"module-sync": "\./([^"]+)"', json.dumps(exports))
            wanted |= {f"{folder}/{file}" for file in found}
    told = json.loads((PROJECT / ".zapierapprc").read_text())
    assert set(told["includeInBuild"]) == wanted


def test_the_lock_names_no_registry_and_pins_all_by_hash():
    lock = json.loads(LOCK.read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert not [name for name, entry in packages.items() if "resolved" in entry]
    assert not [name for name, entry in packages.items() if "integrity" not in entry]
    assert "omit-lockfile-registry-resolved=true" in (PROJECT / ".npmrc").read_text()


def test_the_lock_belongs_to_the_package():
    package = json.loads((PROJECT / "package.json").read_text())
    locked = json.loads(LOCK.read_text())["packages"][""]
    for kind in ("dependencies", "devDependencies"):
        assert locked[kind] == package[kind]


def test_nothing_that_is_installed_is_committed():
    assert "node_modules/" in (PROJECT / ".gitignore").read_text().split()


def facts():
    path = ROOT / "cookbooks" / "nocode" / "facts.py"
    spec = importlib.util.spec_from_file_location("nocode_facts", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


COPIES = facts().copies()


@pytest.mark.parametrize("path", COPIES, ids=lambda path: "/".join(path.relative_to(ROOT).parts))
def test_models_and_prices_are_those_of_the_core(path):
    assert path.read_text() == COPIES[path], "run cookbooks/nocode/facts.py"
