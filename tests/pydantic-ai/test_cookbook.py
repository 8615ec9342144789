"""The cookbook's script on the sandbox."""

import runpy

from tests.helpers.repository import ROOT


async def test_support_desk_looks_up_an_error_and_writes_a_ticket(sandbox, capsys):
    script = runpy.run_path(str(ROOT / "cookbooks/pydantic-ai/support_desk.py"))
    ticket = await script["main"]()
    assert ticket.urgency in ("low", "high")
    printed = capsys.readouterr().out
    assert "25 MB" in printed
    assert "EUR spent, 0.49" in printed
