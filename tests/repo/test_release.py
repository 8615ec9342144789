"""Release of a scratch clone: version, changelog, commit, tag and notes."""

import shutil
import subprocess
import sys
from datetime import date

import pytest

from tests.helpers.repository import PACKAGES, ROOT, tracked_files
from tools.release import ReleaseError, date_section, section, set_version

NEXT = "0.2.0"
NAMES = ("core", "langchain")
CHANGELOG = """# Changelog

## [Unreleased]

### Fixed

- **core**: something.

## [0.1.0] - 2026-12-01

### Added

- **core**: everything.
"""


COPIED = (*(f"packages/{name}/" for name in NAMES), "tools/", "tests/helpers/", "tests/__init__.py")


@pytest.fixture
def clone(tmp_path):
    """A repository with two of the packages and the tools, as one commit."""
    for path in tracked_files():
        name = path.relative_to(ROOT).as_posix()
        if name.startswith(COPIED) and path.suffix in (".py", ".toml"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, tmp_path / name)
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    shutil.copy(ROOT / ".gitignore", tmp_path)
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    for name, value in (("name", "Releaser"), ("email", "releaser@example.org")):
        git(tmp_path, "config", f"user.{name}", value)
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "repository: begin")
    return tmp_path


def git(folder, *arguments):
    command = ["git", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def release(folder, *arguments, module="release"):
    command = [sys.executable, "-m", f"tools.{module}", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_release_sets_one_version_and_tags_it(clone):
    assert release(clone, "prepare", NEXT).returncode == 0
    assert release(clone, "tag", NEXT).returncode == 0
    assert git(clone, "status", "--porcelain") == ""
    assert git(clone, "log", "-1", "--format=%s").strip() == f"repository: release {NEXT}"
    assert "**core**: something." in git(clone, "tag", "--list", "-n20", f"v{NEXT}")
    for name in NAMES:
        text = (clone / "packages" / name / "pyproject.toml").read_text()
        assert f'version = "{NEXT}"' in text
        assert ">=0.1,<0.2" not in text
    assert "0.1.0" not in git(clone, "grep", "-h", "__version__ =", "packages")
    assert release(clone, "notes", NEXT).stdout == "### Fixed\n\n- **core**: something.\n"
    assert f"## [{NEXT}] - 20" in (clone / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("version", ["1.2", "v0.2.0", "0.0.9", "0.2.0rc1", ""])
def test_release_is_refused_when_the_version_is_invalid(clone, version):
    done = release(clone, "prepare", version)
    assert done.returncode == 1
    assert "version must" in done.stderr
    assert git(clone, "status", "--porcelain") == ""


def test_release_is_refused_when_the_tag_exists(clone):
    git(clone, "tag", f"v{NEXT}")
    assert "exists already" in release(clone, "prepare", NEXT).stderr


def test_release_is_refused_when_changes_are_uncommitted(clone):
    (clone / "CHANGELOG.md").write_text("changed")
    assert "uncommitted changes" in release(clone, "prepare", NEXT).stderr


@pytest.mark.parametrize(
    "changelog",
    [
        CHANGELOG.replace("[Unreleased]", "[0.2.0] - 2026-12-02"),
        CHANGELOG.replace("- **core**: something.", ""),
        "# Changelog\n",
    ],
)
def test_release_is_refused_when_nothing_is_unreleased(changelog):
    with pytest.raises(ReleaseError):
        date_section(changelog, "0.3.0", date(2026, 12, 3))


def test_first_release_dates_its_unpublished_section():
    first = CHANGELOG.replace("[Unreleased]", "[0.2.0] - unpublished")
    dated = date_section(first, "0.2.0", date(2026, 12, 3))
    assert "## [0.2.0] - 2026-12-03\n" in dated
    assert section(dated, "0.2.0") == section(first, "0.2.0")
    with pytest.raises(ReleaseError):
        date_section(first, "0.3.0", date(2026, 12, 3))


def test_changelog_has_the_notes_of_the_current_version():
    assert section((ROOT / "CHANGELOG.md").read_text(), PACKAGES[0].project["version"]).strip()


def test_version_changes_no_other_requirement():
    text = '["llmaas>=0.1,<0.2", "llmaas-cli[sandbox]>=0.1,<0.2", "other>=0.1,<0.2"]'
    wanted = '["llmaas>=1.3,<1.4", "llmaas-cli[sandbox]>=1.3,<1.4", "other>=0.1,<0.2"]'
    assert set_version(text, "1.3.5") == wanted


def test_breaking_change_needs_a_minor_version(clone):
    pytest.importorskip("griffe")
    assert "no release yet" in release(clone, module="api_changes").stdout
    git(clone, "tag", "v0.1.0")
    source = clone / "packages/core/src/llmaas/energy.py"
    source.write_text(source.read_text().replace("def energy_kwh(model:", "def energy_kwh(name:"))
    internal = clone / "packages/core/src/llmaas/_tokens.py"
    internal.write_text(internal.read_text().replace("def estimate_tokens(", "def estimate("))
    done = release(clone, module="api_changes")
    assert done.returncode == 1
    assert "energy_kwh(model)" in done.stdout
    assert "estimate" not in done.stdout
    git(clone, "commit", "--quiet", "--all", "--message", "core: rename an argument")
    assert release(clone, "prepare", NEXT).returncode == 0
    assert release(clone, module="api_changes").returncode == 0


def test_public_api_is_unchanged_when_nothing_changed(clone):
    pytest.importorskip("griffe")
    git(clone, "tag", "v0.1.0")
    assert release(clone, module="api_changes").stdout.strip() == "No breaking change since v0.1.0."
