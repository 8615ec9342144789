"""``llmaas models --live`` when the service does not answer in time."""

import json

import pytest

from llmaas.errors import DeadlineExceededError
from llmaas_cli.commands import main


def test_models_lists_packaged_catalog_when_service_is_late(sandbox, monkeypatch, capsys):
    monkeypatch.setattr("llmaas.ops.json_request.LIST_SECONDS", 0.3)
    sandbox.script([])
    monkeypatch.setattr("llmaas.client.LLMaaS.models", _late)
    with pytest.raises(SystemExit) as left:
        main(["models", "--live", "--json"])
    out, err = capsys.readouterr()
    assert not left.value.code
    assert "gpt-oss:120b" in {model["id"] for model in json.loads(out)}
    assert "warning: The service did not list its models" in err


def _late(self, *, deadline=None):
    raise DeadlineExceededError.build("The deadline of 30 s passed.")
