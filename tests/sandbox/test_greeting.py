"""The lines that the sandbox prints at its start can be pasted into a shell."""

from __future__ import annotations

import os
import subprocess

import pytest

from llmaas_sandbox.cli.environment_lines import environment_lines

TOLD = {"LLMAAS_BASE_URL": "http://127.0.0.1:8080/v1", "LLMAAS_API_KEY": "it's $HOME; `id`"}


@pytest.mark.skipif(os.name == "nt", reason="runs sh")
def test_greeting_sets_the_variables_when_pasted_into_sh() -> None:
    script = environment_lines(TOLD, "http://127.0.0.1:8080/console#x", windows=False)
    told = subprocess.run(
        ["sh", "-c", script + 'sh -c \'printf "%s\\n" "$LLMAAS_BASE_URL" "$LLMAAS_API_KEY"\''],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.splitlines() == list(TOLD.values())


def test_greeting_begins_with_powershell_when_on_windows() -> None:
    lines = environment_lines(TOLD, "http://127.0.0.1:8080/console#x", windows=True).splitlines()
    assert lines[0] == "$env:LLMAAS_BASE_URL = 'http://127.0.0.1:8080/v1'"
    assert lines[1] == "$env:LLMAAS_API_KEY = 'it''s $HOME; `id`'"
    assert all(line.startswith("#") for line in lines[2:])
