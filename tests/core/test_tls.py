"""Real TLS: what may be trusted is, what may not is refused with a reason, and never retried."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import llmaas
from llmaas_sandbox import Sandbox

pytest.importorskip("cryptography", reason="the sandbox's extra `tls` makes the certificates")


def served(kind: str, folder: Path) -> Sandbox:
    return Sandbox(tls=kind, data_dir=folder)  # type: ignore[arg-type]


def test_private_ca_is_trusted_when_configured(
    api: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served("good", tmp_path) as box:
        options = {"base_url": box.base_url, "api_key": box.api_key}
        authority = box.ca_bundle
        assert box.base_url.startswith("https://")
        assert api(ca_bundle=authority, **options).do("models")
        monkeypatch.setenv("LLMAAS_CA_BUNDLE", authority)
        assert api(**options).do("models")
        assert api(**options).events("Bonjour ?", model="gpt-oss:120b")[-1].completion.text


@pytest.mark.parametrize("kind", ["good", "expired", "wrong-host", "self-signed"])
def test_what_cannot_be_trusted_is_refused(api: Any, tmp_path: Path, kind: str) -> None:
    with served(kind, tmp_path) as box:
        trusted = {} if kind == "good" else {"ca_bundle": box.ca_bundle}
        with pytest.raises(llmaas.APIConnectionError, match="certificate") as caught:
            api(base_url=box.base_url, api_key=box.api_key, max_retries=3, **trusted).do("models")
        assert "LLMAAS_CA_BUNDLE" in str(caught.value)
        assert not list(box.requests)


def test_a_bundle_that_is_not_there(api: Any) -> None:
    client = api(base_url="https://127.0.0.1:9", api_key="k", ca_bundle="/no/such.pem")
    with pytest.raises(llmaas.ConfigurationError, match=r"such\.pem"):
        client.do("models")


def test_ca_bundle_without_certificates_is_refused(api: Any, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("Dear")
    bundle = str(tmp_path / "ca.pem")
    client = api(base_url="https://127.0.0.1:9", api_key="k", ca_bundle=bundle)
    with pytest.raises(llmaas.ConfigurationError, match=r"ca\.pem"):
        client.do("models")


def test_a_redirect_is_not_followed_so_the_key_stays(sandbox: Any, api: Any) -> None:
    with Sandbox() as elsewhere:
        target = f"{elsewhere.base_url}/models"
        sandbox.script([{"status": 307, "headers": {"location": target}, "json": {}}])
        with pytest.raises(llmaas.APIStatusError, match="base_url"):
            api().do("models")
        assert not list(elsewhere.requests)
