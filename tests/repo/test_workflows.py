"""Workflows of the forges: pinned, without needless permissions, and calling nox or .ci/run only.

`nox -s workflows` installs the linters; without them, their tests are skipped.
"""

import re
import shutil
import subprocess

import pytest
import yaml

from tests.helpers.repository import PACKAGES, ROOT

FOLDER = ROOT / ".github/workflows"
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(FOLDER.glob("*.yml"))}
PIPELINE = yaml.safe_load((ROOT / ".gitlab-ci.yml").read_text())
USES = re.compile(r"uses: (\S+?)(?:@(\S+))?(?: # (\S+))?$", re.MULTILINE)
SESSIONS = set(re.findall(r"^def (\w+)\(session", (ROOT / "noxfile.py").read_text(), re.MULTILINE))
CALLS = re.compile(r"\.ci/run|(uvx )?nox -s |python3 -m tools\.|gh release create ")
INSTALLS = re.compile(r"apt-get update -qq && apt-get install |pip install --quiet nox")

each_workflow = pytest.mark.parametrize("name", WORKFLOWS)


def jobs():
    """Yield the name, the commands and the matrix of each job of both forges."""
    for workflow in WORKFLOWS.values():
        for name, job in workflow["jobs"].items():
            commands = [step["run"] for step in job["steps"] if "run" in step]
            yield name, commands, job.get("strategy", {}).get("matrix", {})
    for name, job in PIPELINE.items():
        if isinstance(job, dict) and "script" in job:
            matrix = job.get("parallel", {}).get("matrix", [{}])[0]
            yield name, job["script"], {key.lower(): value for key, value in matrix.items()}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yml")), ids=lambda path: path.stem)
def test_actions_are_pinned_to_commits_with_their_version(path):
    for action, pin, version in USES.findall(path.read_text()):
        assert re.fullmatch(r"[0-9a-f]{40}", pin), action
        assert re.fullmatch(r"v\d+\.\d+\.\d+", version), action


def test_actions_have_one_commit_each():
    pins = {}
    for path in FOLDER.glob("*.yml"):
        for action, pin, version in USES.findall(path.read_text()):
            pins.setdefault(action, set()).add((pin, version))
    assert not {action: found for action, found in pins.items() if len(found) > 1}


@each_workflow
def test_workflow_grants_permissions_to_jobs_only(name):
    assert WORKFLOWS[name]["permissions"] == {}
    for job in WORKFLOWS[name]["jobs"].values():
        assert job["timeout-minutes"] <= 120
        writes = {key for key, value in job["permissions"].items() if value == "write"}
        assert not writes or not any("checkout" in step.get("uses", "") for step in job["steps"])


def test_jobs_call_nox_or_the_checks_of_submissions():
    commands = [command for _, commands, _ in jobs() for command in commands]
    assert len(commands) > 10
    assert [command for command in commands if not CALLS.match(command)] == []
    assert all(INSTALLS.match(command) for command in PIPELINE["default"]["before_script"])


def test_jobs_name_existing_sessions():
    named = {s for _, _, matrix in jobs() for s in matrix.get("session", [])}
    called = {found for _, c, _ in jobs() for found in re.findall(r"nox -s \"?(\w+)", " ".join(c))}
    assert {"build", "docs", "types"} <= named
    assert named | called <= SESSIONS


def test_jobs_cover_every_package():
    names = {package.name for package in PACKAGES}
    covered = {job: set(matrix["package"]) for job, _, matrix in jobs() if "package" in matrix}
    assert covered == {"compat": names, "newest": names - {"core", "cli", "sandbox"}}


def test_forges_run_the_same_sessions():
    found = [frozenset(matrix["session"]) for _, _, matrix in jobs() if "session" in matrix]
    assert len(found) == 4
    assert len(set(found)) == 2  # for every submission, and nightly


def lint(program, *arguments):
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed: run `nox -s workflows`")
    done = subprocess.run([found, *arguments], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_workflows_pass_actionlint():
    lint("actionlint", "-no-color")


def test_workflows_pass_zizmor():
    lint("zizmor", "--offline", "--persona=pedantic", ".")


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.github-workflows", sorted(map(str, FOLDER.glob("*.yml")))),
        ("vendor.dependabot", [".github/dependabot.yml"]),
        ("vendor.github-issue-config", [".github/ISSUE_TEMPLATE/config.yml"]),
        (
            "vendor.github-issue-forms",
            [".github/ISSUE_TEMPLATE/bug.yml", ".github/ISSUE_TEMPLATE/feature.yml"],
        ),
        ("vendor.gitlab-ci", [".gitlab-ci.yml"]),
    ],
)
def test_files_match_their_schemas(schema, files):
    lint("check-jsonschema", "--builtin-schema", schema, *files)


def test_bug_form_lists_every_distribution():
    form = yaml.safe_load((ROOT / ".github/ISSUE_TEMPLATE/bug.yml").read_text())
    [packages] = (field for field in form["body"] if field.get("id") == "package")
    listed = {option.partition(" ")[0] for option in packages["attributes"]["options"]}
    assert listed - {"documentation"} == {package.project["name"] for package in PACKAGES}


def test_hooks_run_existing_files():
    text = (ROOT / ".pre-commit-config.yaml").read_text()
    named = re.findall(r"tests/\S+\.py", text)
    assert named
    assert all((ROOT / name).is_file() for name in named)
