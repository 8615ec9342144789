"""``llmaas bulk run``: the report of a run, and a second run that sends nothing."""

import json

import pytest

from llmaas_cli.commands import main

MODEL = "llama3.3:70b"


def test_bulk_run_reports_progress_and_skips_finished_prompts(sandbox, tmp_path, capsys):
    source, out = tmp_path / "in", tmp_path / "out"
    source.write_text("".join(json.dumps(f'Say "item {n}"') + "\n" for n in range(20)))
    arguments = ["bulk", "run", str(source), "--model", MODEL, "--out", str(out)]
    with pytest.raises(SystemExit) as leave:
        main([*arguments, "--ordered", "--budget", "1", "--max-tokens", "50", "--json"])
    assert not leave.value.code
    told = json.loads(capsys.readouterr().out)
    assert (told["done"], told["complete"]) == (20, True)
    with pytest.raises(SystemExit):
        main([*arguments, "--max-tokens", "50"])
    assert "20 prompts done, 20 of them in earlier runs" in capsys.readouterr().err
    assert len(sandbox.requests) == 20
