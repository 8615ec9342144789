import re
import shutil
import subprocess
from typing import Any

import pytest

CHAT = "/v1/chat/completions"
BODY = {"model": "gemma4:31b", "messages": [{"role": "user", "content": "Bonjour"}]}


def data(ask: Any, key: str | None) -> Any:
    return ask("/console/data", key=key)


def test_the_administrator_sees_everything(ask: Any, llmaas_sandbox: Any) -> None:
    key = llmaas_sandbox.make_key("acme", tier="1", label="ci")
    ask(CHAT, BODY, key=key)
    ask(CHAT, {**BODY, "model": "nope"})
    told = data(ask, llmaas_sandbox.admin_key).json
    assert told["totals"]["requests"] == 2
    assert told["totals"]["errors"] == 1
    assert {m["name"] for m in told["models"]} == {"gemma4:31b", "-"}
    assert any("acme: ci" in k["label"] for k in told["keys"])
    assert [r["status"] for r in told["history"]] == [404, 200]
    assert {t["name"] for t in told["tiers"]} == {"tokens/hour", "tokens/day", "cost/month"}
    assert len(told["machines"]) == 12
    assert sum(s["requests"] for s in told["series"]) * 10 == pytest.approx(2)


def test_a_tenant_sees_only_what_is_its_own(ask: Any, llmaas_sandbox: Any) -> None:
    acme, other = (
        llmaas_sandbox.make_key(t, tier="1", label=f"{t}-key") for t in ("acme", "other")
    )
    ask(CHAT, BODY, key=acme)
    ask(CHAT, BODY, key=other)
    seen = data(ask, acme)
    assert seen.json["totals"]["requests"] == 1
    assert {r["tenant"] for r in seen.json["history"]} == {"acme"}
    assert b"other" not in seen.body
    assert not {"machines", "alerts"} & set(seen.json)


def test_strangers_see_nothing(ask: Any) -> None:
    for key in (None, "sk-wrong"):
        assert data(ask, key).status == 401


def test_the_page_needs_nothing_from_elsewhere(ask: Any) -> None:
    page = ask("/console", key=None)
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    text = page.body.decode().replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|@import|url\(|<link|src=", text)


def dump_dom(address: str, profile: Any) -> str:
    """Return the page as a browser renders it, or skip the test."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no browser on this machine")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=3000"]
    command += [f"--user-data-dir={profile}", "--dump-dom", address]
    return subprocess.run(command, capture_output=True, text=True, timeout=90).stdout


def test_console_hides_everything_when_no_key_is_given(llmaas_sandbox: Any, tmp_path: Any) -> None:
    dom = dump_dom(f"{llmaas_sandbox.root_url}/console#wrong", tmp_path)
    assert "the key is not valid" in dom
    assert '<main id="all" hidden="">' in dom
    assert "[hidden] { display: none !important; }" in dom
    assert '<form id="login">' in dom


def test_a_real_browser_draws_it(ask: Any, llmaas_sandbox: Any, tmp_path: Any) -> None:
    key = llmaas_sandbox.make_key("acme", tier="1", label="<b>ci</b>")
    ask(CHAT, BODY, key=key)
    dom = dump_dom(f"{llmaas_sandbox.root_url}/console#{llmaas_sandbox.admin_key}", tmp_path)
    assert "gemma4:31b" in dom
    assert "&lt;b&gt;ci&lt;/b&gt;" in dom
    assert "<polyline" in dom
    assert 'text-anchor="middle"' in dom  # axes
    assert 'data-label="errors"' in dom  # labels of the cells on a phone
    assert "live · " in dom
    assert "ma12" in dom
