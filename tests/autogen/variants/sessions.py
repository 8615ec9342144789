"""Sessions of all AutoGen variants, each in its own environment: they exclude each other.

``nox -s autogen-classic autogen-ag2 autogen-agentchat``; the noxfile at the root finds this file.
"""

from pathlib import Path

import nox

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
NAMES = {
    "autogen": "autogen-llmaas",
    "core": "llmaas",
    "cli": "llmaas-cli",
    "sandbox": "llmaas-sandbox",
}
TESTS = [
    text
    for folder in (ROOT, ROOT / "packages/autogen")
    for text in nox.project.dependency_groups(
        nox.project.load_toml(folder / "pyproject.toml"), "test"
    )
]
CLASSIC = ["pyautogen==0.2.35", "pyautogen[openai]==0.9", "autogen[openai]==0.14.1"]
AGENTCHAT = ["0.5.7", "0.6.4", "0.7.5"]


def packages(session: nox.Session) -> list[str]:
    """Return the folders of our packages; uv builds their wheels anew."""
    folders = [f"./packages/{folder}" for folder in NAMES]
    if session.venv_backend != "uv":
        return folders
    return ["--no-sources", *(f"--refresh-package={name}" for name in NAMES.values()), *folders]


@nox.session(name="autogen-classic")
@nox.parametrize("variant", CLASSIC)
def classic(session: nox.Session, variant: str) -> None:
    """Run chats and teams of AutoGen 0.2 and AG2 Classic with our configuration (a minute each)."""
    session.install(*packages(session), variant)
    session.chdir(session.create_tmp())  # the oldest writes its cache where it stands
    session.run("python", str(HERE / "chat_classic.py"))
    session.run("python", str(HERE / "teams_classic.py"))


@nox.session(name="autogen-ag2")
def ag2(session: nox.Session) -> None:
    """Run chats and teams of AG2 1.x with LLMaaSConfig (2 min)."""
    session.install(*packages(session), "ag2[openai]>=1,<2")
    session.run("python", str(HERE / "chat_ag2.py"))
    session.run("python", str(HERE / "teams_ag2.py"))


@nox.session(name="autogen-agentchat")
@nox.parametrize("openai", ["2", "3"])
@nox.parametrize("version", AGENTCHAT)
def agentchat(session: nox.Session, version: str, openai: str) -> None:
    """Test the package and its agents on each line of AgentChat (minutes each)."""
    session.install(
        *packages(session),
        *TESTS,
        f"autogen-agentchat=={version}",
        f"autogen-core=={version}",
        f"openai>={openai},<{int(openai) + 1}",
    )
    session.run("python", str(HERE / "agents.py"))
    session.chdir(ROOT)
    session.run("pytest", "tests/autogen", *session.posargs)
