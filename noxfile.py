"""Every check there is. ``nox -l`` lists them, ``nox -k "tests and langchain"`` picks one room.

Rooms are found, not listed: a folder under packages/ with a pyproject.toml is one, its tests
are in the folder of the same name under tests/, and what only these need is the ``test`` group
of its pyproject.toml.
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
nox.options.sessions = ["tests", "oldest", "coverage", "house", "lint", "types", "docs", "build"]

HOME = Path(__file__).parent
LOCK = "requirements.lock"
ROOMS = sorted(path.parent.name for path in HOME.glob("packages/*/pyproject.toml"))
FOUNDATION = ["core", "cli", "sandbox"]
PYTHONS = ["3.11", "3.12", "3.13"]
FLOOR = os.environ.get("COVERAGE_FLOOR", "94")
APPS_LOCK = "cookbooks/requirements.lock"
OPENAI2_LOCK = "tests/openai2.lock"
LOCK_HEADER = """\
# Everything that every room needs, pinned: made by `nox -s lock`, installed by `./run`.
"""
APPS_LOCK_HEADER = """\
# What the apps of the cookbooks need, pinned: made by `nox -s lock`, installed by `./run --apps`.
"""
OPENAI2_LOCK_HEADER = "# openai 2, made by `nox -s lock`, installed by `./run --openai2`.\n"


@nox.session
@nox.parametrize("openai", ["2", "3"])
@nox.parametrize("room", ROOMS)
def tests(session: nox.Session, room: str, openai: str) -> None:
    """One room as its users get it: its wheel, the core, the sandbox, nothing else; newest."""
    install_room(session, room, f"openai>={openai},<{int(openai) + 1}")
    session.run("pytest", f"tests/{room}", *noted(session, f"openai {openai}, newest", room))


@nox.session
@nox.parametrize("room", ROOMS)
def oldest(session: nox.Session, room: str) -> None:
    """One room with the oldest of what it declares, where there are wheels; only uv finds it."""
    if session.venv_backend != "uv":
        session.skip("needs uv")
    built = [project(HOME / "packages" / each)["project"]["name"] for each in ROOMS]
    apart = [f"--no-binary={name}" for name in [*built, "pybars4", "pymeta3"]]  # have no wheels
    install_room(session, room, "--resolution=lowest-direct", "--only-binary=:all:", *apart)
    session.run("pytest", f"tests/{room}", *noted(session, "oldest", room))


@nox.session(python=PYTHONS)
@nox.parametrize("kind", ["openai2", "openai3", "oldest"])
@nox.parametrize("room", ROOMS)
def elsewhere(session: nox.Session, room: str, kind: str) -> None:
    """The same as `tests` and `oldest` on each Python that is installed; only when asked for."""
    if kind == "oldest":
        oldest(session, room)
    else:
        tests(session, room, kind.removeprefix("openai"))


@nox.session
@nox.parametrize("room", ROOMS)
def alone(session: nox.Session, room: str) -> None:
    """One room with its extra `demo`, without what tests need: its page's examples, its demo."""
    session.install(*wheels(session, room, "demo"))
    session.run("python", "-m", "tools.smoke", room)


@nox.session(python=PYTHONS)
def pythons(session: nox.Session) -> None:
    """Everything together, from the lock, on each Python that is installed."""
    install_all(session)
    session.run("pytest", *noted(session, "lock"))


@nox.session
def ray(session: nox.Session) -> None:
    """The stages and the bulk engine for Ray Data, on a cluster of three nodes on this machine."""
    try:
        install_room(session, "core", "ray[data]>=2.51")
    except nox.command.CommandFailed:
        session.skip("Ray cannot be installed here: no wheel for this Python, or no index")
    tests = ["tests/core/test_ray_stages.py", "tests/core/test_bulk_ray.py"]
    session.run("pytest", *tests, *session.posargs)


@nox.session
def servers(session: nox.Session) -> None:
    """Workers of gunicorn (gevent, threads, preloaded), uvicorn and Celery (prefork, gevent)."""
    install_room(session, "core", "celery[redis]", "gevent", "gunicorn", "uvicorn")
    tests = ["tests/core/test_servers.py", "tests/core/test_servers_async.py"]
    session.run("pytest", *tests, *session.posargs)


@nox.session
def matrix(session: nox.Session) -> None:
    """Write what tests, oldest and pythons left behind into tests/README.md."""
    session.run("python", "-m", "tools.matrix", str(results(session)))


@nox.session
def coverage(session: nox.Session) -> None:
    """Every test, from the lock, with the share of lines and branches that they reach."""
    install_all(session)
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", *noted(session, "lock"))
    session.run("coverage", "combine")
    session.run("coverage", "report", f"--fail-under={FLOOR}")


@nox.session
def house(session: nox.Session) -> None:
    """The rules of the house."""
    install_all(session)
    session.run("pytest", "tests/repo", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Style, by ruff."""
    session.install(*group("lint"))
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@nox.session
def types(session: nox.Session) -> None:
    """Types, by mypy --strict."""
    install_all(session)
    session.run("mypy")


@nox.session
def docs(session: nox.Session) -> None:
    """The snippets of every README, executed."""
    install_all(session)
    session.run("pytest", "tests/docs", *session.posargs)


@nox.session
def contract(session: nox.Session) -> None:
    """What the sandbox serves against its OpenAPI document, by schemathesis."""
    install_room(session, "sandbox", "schemathesis>=4.32")
    session.run("pytest", "tests/sandbox/test_contract.py", *session.posargs)


@nox.session
@nox.parametrize("lock", [LOCK, APPS_LOCK], ids=["frameworks", "apps"])
def cookbooks(session: nox.Session, lock: str) -> None:
    """Every notebook, app and no-code project, executed in a clean environment."""
    install_all(session, lock, ROOMS if lock == LOCK else FOUNDATION)
    session.run("pytest", "tests/cookbooks", *session.posargs)


@nox.session
def screenshots(session: nox.Session) -> None:
    """Take the pictures in the READMEs of the apps anew, from the apps as they run."""
    install_all(session, APPS_LOCK, FOUNDATION)
    names = ("streamlit", "gradio", "fastapi", "jupyter_browser")
    tests = [f"tests/cookbooks/test_{name}.py" for name in names]
    session.run("pytest", *tests, *session.posargs, env={"SCREENSHOTS": "1"})


@nox.session
def notebooks(session: nox.Session) -> None:
    """Execute the notebooks on the sandbox and write them back: all, or those that words name."""
    install_all(session)
    session.run("python", "-m", "tools.notebooks", *session.posargs)


@nox.session
def readme(session: nox.Session) -> None:
    """Write the rooms' openings into the front page, and the contract's rows into their pages."""
    session.run("python", "-m", "tools.readme_packages")
    session.run("python", "-m", "tools.readme_contract")


@nox.session
def tables(session: nox.Session) -> None:
    """Write the tables of contract, faults, engines, families, files; `-- --load` the load's."""
    install_all(session)
    session.run("python", "-m", "tools.contract_table")
    session.run("python", "-m", "tools.fault_table")
    session.run("python", "-m", "tools.engine_differences", "--write")
    session.run("python", "-m", "tools.family_table")
    session.run("python", "-m", "tools.corpus_table")
    if "--load" in session.posargs:
        session.run("python", "tests/load", "--write")


@nox.session
def record(session: nox.Session) -> None:
    """Record every cassette anew from the sandbox; `-- --live` from the service, with a key.

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
    """Benchmarks against the stock clients, side by side."""
    install_all(session)
    session.run("python", "tests/bench", *session.posargs)


@nox.session
def load(session: nox.Session) -> None:
    """A thousand streams at once with faults, then threads; none may be wrong, memory flat."""
    install_room(session, "core")
    session.run("python", "tests/load", *session.posargs)


@nox.session
def soak(session: nox.Session) -> None:
    """150,000 requests to one sandbox, in memory and with a data folder; memory must stay flat."""
    install_room(session, "sandbox", "httptools")
    load = ["python", "tests/bench/sandbox_load.py", "--requests", "150000"]
    session.run(*load, *session.posargs)
    session.run(*load, "--data", *session.posargs)


@nox.session
def clients(session: nox.Session) -> None:
    """Clients of others against the sandbox, each in an environment of its own; needs an index."""
    install_room(session, "sandbox")
    session.run("python", "tests/clients", *session.posargs)


@nox.session
def devui(session: nox.Session) -> None:
    """Agent Framework's DevUI, which is a prerelease and so not in the lock, shows reasoning."""
    flag = "--prerelease=allow" if session.venv_backend == "uv" else "--pre"
    install_room(session, "agent-framework", flag, "agent-framework-devui")
    session.run("pytest", "tests/agent-framework/test_devui.py", *session.posargs)


@nox.session
def templates(session: nox.Session) -> None:
    """Conformed conversations in the families' real chat templates, which pip fetches (77 MB).

    The templates are kept outside of the repository, in ``CHAT_TEMPLATES`` if that is set.
    """
    install_room(session, "core", "jinja2", "pip")
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = os.environ.get("CHAT_TEMPLATES") or str(Path(cache) / "llmaas-chat-templates")
    try:
        session.run("python", "-m", "tools.chat_templates", folder)
    except nox.command.CommandFailed:
        session.skip("the source distribution with the templates cannot be downloaded")
    session.run("pytest", "tests/templates", *session.posargs, env={"CHAT_TEMPLATES": folder})


@nox.session
def audit(session: nox.Session) -> None:
    """Known faults of what the locks pin; fails as well when the database cannot be asked."""
    session.install("pip-audit>=2.10")
    session.run("python", "-m", "tools.audit", LOCK, APPS_LOCK, OPENAI2_LOCK)


@nox.session
def sbom(session: nox.Session) -> None:
    """What the locks bring, as CycloneDX, in dist/; validated, complete, never committed."""
    session.install("cyclonedx-bom>=7")
    session.run("python", "-m", "tools.sbom", "dist", LOCK, APPS_LOCK)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Fuzz every reader for a minute each; `-- --seconds 600 stream` one of them for longer."""
    install_room(session, "core", "atheris")
    session.run("python", "tests/fuzz", *session.posargs)


@nox.session
def lock(session: nox.Session) -> None:
    """Write the locks anew, keeping what still fits; `-- --upgrade` takes the newest."""
    if not shutil.which("uv"):
        session.install("uv")
    write_lock(session, LOCK, asked(ROOMS, group("dev")), LOCK_HEADER)
    lines = (HOME / "cookbooks/requirements.in").read_text().splitlines()
    apps = group("test") + group("build") + lines
    write_lock(session, APPS_LOCK, asked(FOUNDATION, apps), APPS_LOCK_HEADER)
    write_lock(session, OPENAI2_LOCK, ["openai>=2,<3"], OPENAI2_LOCK_HEADER, "--no-deps")


def write_lock(session: nox.Session, lock: str, texts: list[str], header: str, *more: str) -> None:
    """Pin requirements, with hashes and without addresses."""
    wanted = Path(session.create_tmp()) / "requirements.in"
    wanted.write_text("\n".join(texts))
    form = ["--universal", "--python-version=3.11", "--generate-hashes", "--quiet", *more]
    plain = ["--no-header", "--no-annotate", "-o", lock, *session.posargs]
    session.run("uv", "pip", "compile", str(wanted), *form, *plain, external=True)
    (HOME / lock).write_text(header + (HOME / lock).read_text())


@nox.session
def build(session: nox.Session) -> None:
    """Build what would be published, each wheel from its sdist, and look inside."""
    session.install("build", "twine")
    folder = Path(session.create_tmp()).resolve()
    for room in ROOMS:
        out = folder / room
        shutil.rmtree(out, ignore_errors=True)
        session.run("python", "-m", "build", "--outdir", str(out), f"packages/{room}", silent=True)
        [wheel], [sdist] = out.glob("*.whl"), out.glob("*.tar.gz")
        session.run("twine", "check", "--strict", str(wheel), str(sdist))
        session.run("python", "-m", "tools.check_wheel", room, str(wheel), str(sdist))


@nox.session(venv_backend="venv", reuse_venv=False)
def plain(session: nox.Session) -> None:
    """All wheels in a new environment by pip alone; then every framework answers, elsewhere."""
    folder = Path(session.create_tmp()).resolve()
    shutil.rmtree(folder / "wheels", ignore_errors=True)
    rooms = [f"./packages/{room}" for room in ROOMS]
    session.run("python", "-m", "pip", "wheel", "-q", "--no-deps", "-w", f"{folder}/wheels", *rooms)
    files = [
        str(wheel) if wheel.name.startswith("llmaas_sandbox") else f"{wheel}[demo]"
        for wheel in sorted((folder / "wheels").iterdir())
    ]
    session.install("-q", *files)
    session.run("python", "-m", "pip", "check")
    session.chdir(folder)
    session.run("llmaas", "demo", env={"LLMAAS_API_KEY": None})


def install_room(session: nox.Session, room: str, *more: str) -> None:
    """Install one room's wheel, the foundation's, and what the tests need."""
    tools = [*group("test"), *group("test", HOME / "packages" / room)]
    session.install(*more, *tools, *wheels(session, room))


def wheels(session: nox.Session, room: str, extra: str = "") -> list[str]:
    """Return what installs a room, with an extra if it has it, and the foundation."""
    names = list(dict.fromkeys([room, *FOUNDATION]))
    tables = [project(HOME / "packages" / name)["project"] for name in names]
    folders = [str(HOME / "packages" / name) for name in names]
    if extra in tables[0].get("optional-dependencies", {}):
        folders[0] += f"[{extra}]"
    if session.venv_backend != "uv":  # which would take editable sources, and builds of yesterday
        return folders
    return ["--no-sources", *(f"--refresh-package={table['name']}" for table in tables), *folders]


def project(folder: Path = HOME) -> dict[str, Any]:
    """Return a pyproject.toml."""
    return nox.project.load_toml(folder / "pyproject.toml")


def group(name: str, folder: Path = HOME) -> list[str]:
    """Return a dependency group's requirements, none when there is no such group."""
    table = project(folder)
    found = name in table.get("dependency-groups", {})
    return list(nox.project.dependency_groups(table, name)) if found else []


def asked(rooms: list[str], groups: list[str]) -> list[str]:
    """Return all that rooms, their extras, their tests and groups ask for, but the rooms."""
    tables = [project(HOME / "packages" / room) for room in rooms]
    ours = tuple(table["project"]["name"] for table in tables)
    texts = list(groups)
    for room, table in zip(rooms, tables, strict=True):
        apart = table["tool"].get("llmaas", {}).get("unlocked-extras", [])
        extras = table["project"].get("optional-dependencies", {})
        texts += table["project"]["dependencies"] + group("test", HOME / "packages" / room)
        texts += [text for name in extras if name not in apart for text in extras[name]]
    return [text for text in texts if not text.startswith(ours)]


def install_all(session: nox.Session, lock: str = LOCK, rooms: list[str] = ROOMS) -> None:
    """Install a lock, then rooms, editable and with nothing that the lock does not have."""
    session.install("-r", lock)
    folders = [word for room in rooms for word in ("-e", f"./packages/{room}")]
    session.install("--no-deps", "--no-build-isolation", *folders)


def noted(session: nox.Session, kind: str, room: str = "all") -> list[str]:
    """Return pytest's arguments; a run without any of its own leaves a result for the matrix."""
    if session.posargs:
        return list(session.posargs)
    python = session.python or f"{sys.version_info.major}.{sys.version_info.minor}"
    name = re.sub(r"[^a-z0-9.]+", "-", f"{room} {kind} {python}")
    return [f"--junit-xml={results(session) / name}.xml", "-o", f"junit_suite_name={kind}"]


def results(session: nox.Session) -> Path:
    """Return the folder of the results."""
    folder = session.cache_dir / "results"
    folder.mkdir(exist_ok=True)
    return folder


# A room whose framework has branches that exclude each other brings its own sessions.
for sessions in sorted(HOME.glob("tests/*/lineages/sessions.py")):
    runpy.run_path(str(sessions))
