"""Write the table of LangChain's standard suite, ours beside the stock class, into the README.

    ./run python tests/langchain/stock/standard_table.py

Each cell is a run of ``compare_openai.py`` in a process of its own.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree

HOME = Path(__file__).parents[3]
README = HOME / "packages" / "langchain" / "README.md"
BEGIN, END = "<!-- standard: written by standard_table.py -->", "<!-- /standard -->"
DIALECTS = {
    "as documented": "",
}


def main() -> None:
    """Run, and write the table between its marks."""
    rows = [row(name, faults) for name, faults in DIALECTS.items()]
    names = ("langchain-core", "langchain-tests", "langchain-openai", "openai")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    table = "\n".join(
        [
            "| the sandbox speaks | ours | `ChatOpenAI`, `OpenAIEmbeddings` | what fails there |",
            "|---|---|---|---|",
            *rows,
            "",
            f"Tests passed, of those that run (three are skipped: PDF and sound). {versions}.",
        ]
    )
    text = README.read_text()
    pattern = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    README.write_text(pattern.sub(lambda _: f"{BEGIN}\n\n{table}\n\n{END}", text))
    sys.stdout.write(table + "\n")


def row(name: str, faults: str) -> str:
    """Return one line: what each class passes in a dialect."""
    ours, failed = outcome("ours", faults)
    theirs, theirs_failed = outcome("stock", faults)
    assert not failed, failed
    return f"| {name} | {ours} | {theirs} | {', '.join(theirs_failed) or 'nothing'} |"


def outcome(kind: str, faults: str) -> tuple[str, list[str]]:
    """Return what a class passes ("50 / 52") and the names of the tests that it fails."""
    report = Path(os.environ.get("TMPDIR", "/tmp")) / f"standard-{os.getpid()}.xml"
    environment = {**os.environ, "STANDARD_CLASS": kind, "STANDARD_FAULTS": faults}
    file = str(Path(__file__).with_name("compare_openai.py"))
    command = [sys.executable, "-m", "pytest", file, "-q", f"--junitxml={report}"]
    lenient = ["-W", "default", "--timeout-method=none"][:2]  # their warnings are no failures
    subprocess.run(
        [*command, *lenient], cwd=HOME, env=environment, capture_output=True, check=False
    )
    cases = [*ElementTree.parse(report).iter("testcase")]
    report.unlink()
    ran = [case for case in cases if case.find("skipped") is None]
    failed = [
        case for case in ran if case.find("failure") is not None or case.find("error") is not None
    ]
    names = sorted({short(case.get("name", "")) for case in failed})
    return f"{len(ran) - len(failed)} / {len(ran)}", names


def short(name: str) -> str:
    """Return a test's name without its prefix and parameters."""
    return name.removeprefix("test_").partition("[")[0]


if __name__ == "__main__":
    main()
