"""TLS below 1.2 is refused before anything is said; 1.2 and 1.3 are spoken."""

from __future__ import annotations

import asyncio
import os
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import openai
import pytest

import llmaas
from llmaas import AsyncLLMaaS, LLMaaS
from llmaas.transport.pool_registry import tls_context
from tests.helpers.isolation import secret_leaks
from tests.helpers.repository import ROOT
from tests.helpers.servers.tls import reaches, serving

pytest.importorskip("cryptography", reason="the sandbox's extra `tls` makes the certificates")

OLD = [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1]
NEW = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


def needs(served: Any, version: ssl.TLSVersion) -> None:
    if not reaches(served, version):
        pytest.skip(f"{ssl.OPENSSL_VERSION} here does not speak {version.name} at all")


@pytest.mark.parametrize("version", OLD, ids=lambda v: v.name)
def test_an_old_server_is_refused(api: Any, tmp_path: Path, version: ssl.TLSVersion) -> None:
    with serving(version, tmp_path) as served:
        needs(served, version)
        served.cleartext.clear()
        with pytest.raises(llmaas.APIConnectionError, match=r"TLS 1\.2") as caught:
            api(base_url=served.base_url, api_key=secret_leaks.KEY, ca_bundle=served.ca_bundle).do(
                "models"
            )
        assert caught.value.reached is False
        assert not served.cleartext


@pytest.mark.parametrize("version", NEW, ids=lambda v: v.name)
def test_a_new_server_is_spoken_to(api: Any, tmp_path: Path, version: ssl.TLSVersion) -> None:
    with serving(version, tmp_path) as served:
        client = api(base_url=served.base_url, api_key=secret_leaks.KEY, ca_bundle=served.ca_bundle)
        assert [model.id for model in client.do("models")] == ["gpt-oss:120b"]


@pytest.mark.parametrize("version", OLD, ids=lambda v: v.name)
def test_the_plain_sdk_of_a_client_refuses_it_too(tmp_path: Path, version: ssl.TLSVersion) -> None:
    with serving(version, tmp_path) as served:
        needs(served, version)
        served.cleartext.clear()
        told = {"base_url": served.base_url, "ca_bundle": served.ca_bundle, "max_retries": 0}
        with (
            LLMaaS(api_key=secret_leaks.KEY, **told) as client,
            pytest.raises(openai.APIConnectionError),
        ):
            client.openai.models.list()

        async def ask() -> None:
            async with AsyncLLMaaS(api_key=secret_leaks.KEY, **told) as client:
                await client.openai.models.list()

        with pytest.raises(openai.APIConnectionError):
            asyncio.run(ask())
        assert not served.cleartext


WEAK = """
openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = weak
[weak]
MinProtocol = TLSv1
CipherString = DEFAULT:@SECLEVEL=0
"""


def test_a_weak_configuration_of_the_machine_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "openssl.cnf").write_text(WEAK)
    with serving(ssl.TLSVersion.TLSv1_1, tmp_path) as served:
        needs(served, ssl.TLSVersion.TLSv1_1)
        served.cleartext.clear()
        code = (
            "import llmaas, sys\n"
            f"client = llmaas.LLMaaS(base_url={served.base_url!r}, api_key='sk-test-weak',"
            f" ca_bundle={served.ca_bundle!r}, max_retries=0)\n"
            "try: client.models()\n"
            "except llmaas.APIConnectionError as error: sys.exit('TLS 1.2' in str(error) and 7)\n"
        )
        weak = {**os.environ, "OPENSSL_CONF": str(tmp_path / "openssl.cnf")}
        done = subprocess.run([sys.executable, "-c", code], env=weak, cwd=ROOT, timeout=60)
        assert done.returncode == 7
        assert not served.cleartext


@pytest.mark.parametrize("bundle", [None, "of-ours"])
def test_the_floor_is_said_not_left_to_a_default(tmp_path: Path, bundle: str | None) -> None:
    from llmaas_sandbox.tls.authority import create_certificates

    path = None if bundle is None else str(create_certificates("good", tmp_path).authority)
    context = tls_context(path)
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
