"""The architecture page: paths of calls as they run, and files that exist."""

import re
import sys
from pathlib import Path

import pytest

import llmaas
from llmaas import LLMaaS
from tests.helpers.repository import ROOT

PAGE = (ROOT / "docs/architecture.md").read_text()
SOURCE = Path(llmaas.__file__).parent
CALLS = {
    "One chat": lambda client: client.chat("Hello", model="gpt-oss:120b"),
    "One stream": lambda client: client.stream("Hello", model="gpt-oss:120b").until_done(),
    "One embedding": lambda client: client.embed(["Hello"], model="bge-m3:567m"),
}


def listed_files(heading):
    section = PAGE.partition(f"### {heading}\n")[2].partition("\n#")[0]
    return re.findall(r"^\d+\. `([\w/]+\.py)`", section, re.MULTILINE)


def trace_files(call):
    """Return the files whose functions a call enters, in order."""
    files = {}

    def note(frame, event, _):
        if event == "call" and frame.f_code.co_filename.startswith(f"{SOURCE}/"):
            files.setdefault(Path(frame.f_code.co_filename).relative_to(SOURCE).as_posix())

    sys.setprofile(note)
    try:
        call()
    finally:
        sys.setprofile(None)
    return list(files)


@pytest.mark.parametrize("heading", CALLS)
def test_path_lists_the_files_of_a_call_in_order(sandbox, heading):
    listed = listed_files(heading)
    with LLMaaS() as client:
        CALLS[heading](client)  # the first call also fills caches
        traced = trace_files(lambda: CALLS[heading](client))
    assert len(listed) == len(set(listed)) > 10
    in_order = [file for file in traced if file in listed]
    assert listed == in_order, f"update docs/architecture.md; the call enters {traced}"


@pytest.mark.parametrize("heading", CALLS)
def test_path_names_existing_files(heading):
    assert all((SOURCE / file).is_file() for file in listed_files(heading))
