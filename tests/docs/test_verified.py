"""docs/verified.md: it shows the packaged verdicts, which are those of the sandbox of today."""

import json

import pytest

from llmaas import catalog
from llmaas_cli.commands import main
from llmaas_cli.probe.table.all import BY_ID
from llmaas_cli.probe.verified import SERVICE, load_servers
from tools import verified

COMMAND = "run `python -m tools.verified`"


def test_page_is_current():
    assert verified.PAGE.read_text("utf-8") == verified.page(), COMMAND


def test_page_says_that_the_service_was_not_asked_as_long_as_it_has_no_verdict():
    page = verified.PAGE.read_text("utf-8")
    has_verdicts = SERVICE in load_servers()
    assert ("**The service has not been asked.**" in page) is not has_verdicts
    assert f"| {SERVICE} |" in page


def test_page_lists_every_probe():
    page = verified.PAGE.read_text("utf-8")
    assert not [each.id for each in BY_ID.values() if each.assumes.replace("|", "\\|") not in page]


def test_packaged_verdicts_are_of_known_probes():
    servers = load_servers()
    assert {"sandbox", "vllm 0.32.0"} <= servers.keys()
    unknown = {probe for each in servers.values() for probe in each.verdicts} - BY_ID.keys()
    assert not unknown


def test_sandbox_gives_the_packaged_verdicts(capsys, monkeypatch):
    monkeypatch.delenv("LLMAAS_API_KEY", raising=False)
    catalog.reset()
    with pytest.raises(SystemExit) as ended:
        main(["probe", "--sandbox", "--json", "--budget", "1"])
    catalog.reset()
    assert not ended.value.code
    report = json.loads(capsys.readouterr().out)
    server = verified.ServerVerdicts.from_reports("sandbox", "", [report])
    assert server.verdicts == load_servers()["sandbox"].verdicts, "take them again (tools/verified)"
