import http.client
import ssl
from typing import Any

import pytest

from llmaas_sandbox import Sandbox


def visit(box: Sandbox, context: ssl.SSLContext) -> tuple[int, str | None]:
    host, port = box.root_url.removeprefix("https://").split(":")
    connection = http.client.HTTPSConnection(host, int(port), context=context, timeout=20)
    try:
        connection.request("GET", "/v1/models", headers={"authorization": f"Bearer {box.api_key}"})
        version = connection.sock.version()
        return connection.getresponse().status, version
    finally:
        connection.close()


def test_a_good_certificate_and_nothing_below_1_3() -> None:
    with Sandbox(tls="good") as box:
        assert box.base_url.startswith("https://")
        assert visit(box, ssl.create_default_context(cafile=box.ca_bundle)) == (200, "TLSv1.3")
        old = ssl.create_default_context(cafile=box.ca_bundle)
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises((ssl.SSLError, ConnectionError)):
            visit(box, old)
        with pytest.raises(ssl.SSLCertVerificationError):
            visit(box, ssl.create_default_context())


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("expired", "expired"),
        ("wrong-host", "mismatch"),
        ("self-signed", "unable to get local issuer|self.signed"),
    ],
)
def test_a_bad_certificate_is_bad_for_its_own_reason(kind: Any, reason: str) -> None:
    with Sandbox(tls=kind) as box, pytest.raises(ssl.SSLCertVerificationError, match=reason):
        visit(box, ssl.create_default_context(cafile=box.ca_bundle))


def test_faults_work_over_tls() -> None:
    with Sandbox(tls="good", faults="cut:100b:rst") as box:
        context = ssl.create_default_context(cafile=box.ca_bundle)
        host, port = box.root_url.removeprefix("https://").split(":")
        connection = http.client.HTTPSConnection(host, int(port), context=context, timeout=20)
        headers = {"authorization": f"Bearer {box.api_key}"}
        connection.request("GET", "/v1/models", headers=headers)
        answer = connection.getresponse()
        with pytest.raises((OSError, http.client.HTTPException)):
            answer.read()
        connection.close()
