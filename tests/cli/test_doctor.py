"""The doctor against a real sandbox, and against things that are broken on purpose."""

import json
import shutil
import socket
import subprocess
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from llmaas import LLMaaS, catalog
from llmaas.settings import Settings
from llmaas.transport.pool_registry import PoolKey
from llmaas_cli.commands import main
from llmaas_cli.doctor import Status, network, run_checks, service
from llmaas_sandbox import Sandbox


@pytest.fixture(autouse=True)
def fresh_catalogue():
    catalog.reset()
    yield
    catalog.reset()


@pytest.fixture
def doctor(capsys):
    def run(*arguments):
        code = 0
        try:
            main(["doctor", "--json", *arguments])
        except SystemExit as leave:
            code = leave.code or 0
        report = json.loads(capsys.readouterr().out)
        return code, {check["name"]: check for check in report["checks"]}

    return run


def test_a_healthy_service(doctor, sandbox):
    code, checks = doctor("--call")
    assert code == 0
    assert {name: check["status"] for name, check in checks.items()} == {
        "setup": "ok",
        "name": "ok",
        "port": "ok",
        "tls": "skip",
        "key": "ok",
        "clock": "ok",
        "latency": "ok",
        "model gpt-oss:120b": "ok",
        "model bge-m3:567m": "ok",
        "model qwen3-reranker:4b": "ok",
        "answer": "ok",
    }
    assert "'OK'" in checks["answer"]["detail"]


def test_no_chat_is_made_unless_asked(doctor, sandbox):
    doctor()
    assert {request.path for request in sandbox.requests} == {"/v1/models"}


def test_no_key(doctor, sandbox, monkeypatch):
    monkeypatch.delenv("LLMAAS_API_KEY")
    code, checks = doctor()
    assert code == 1
    assert checks["key"]["status"] == "fail"
    assert "not set, and required" in checks["key"]["detail"]
    assert "export LLMAAS_API_KEY" in checks["key"]["advice"]
    assert {request.path for request in sandbox.requests} == {"/v1/models"}


@pytest.mark.parametrize(
    "key", ["'sk-sandbox'", '"sk-sandbox"', "Bearer sk-sandbox", " sk-sandbox"]
)
def test_a_badly_copied_key(doctor, sandbox, monkeypatch, key):
    monkeypatch.setenv("LLMAAS_API_KEY", key)
    code, checks = doctor()
    assert code == 1
    assert checks["key"]["advice"] == "Set the key alone."


def test_a_missing_key_is_told_where_nobody_listens_too():
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with LLMaaS(base_url=f"http://127.0.0.1:{port}/v1") as client:
        checks = {each.name: each for each in run_checks(client, "", [], call=False)}
    found = {name: str(checks[name].status) for name in ("key", "port", "service")}
    assert found == {"key": "fail", "port": "fail", "service": "skip"}


def test_a_refused_key(doctor, sandbox, monkeypatch):
    monkeypatch.setenv("LLMAAS_API_KEY", "sk-wrong-and-secret")
    code, checks = doctor()
    assert code == 1
    assert checks["key"]["detail"].startswith("refused: 401")
    assert "Console" in checks["key"]["advice"]
    assert "wrong-and-secret" not in json.dumps(checks)


def test_a_closed_port(doctor, sandbox):
    with closing(socket.socket()) as reserved:
        reserved.bind(("127.0.0.1", 0))
        free = reserved.getsockname()[1]
    code, checks = doctor("--base-url", f"http://127.0.0.1:{free}/v1")
    assert code == 1
    assert checks["port"]["status"] == "fail"
    assert "firewall" in checks["port"]["advice"]
    assert checks["service"]["status"] == "skip"


def test_a_name_that_is_none(doctor, sandbox):
    code, checks = doctor("--base-url", f"https://{'x' * 64}.localhost/v1")
    assert code == 1
    assert checks["name"]["status"] == "fail"
    assert "spelling" in checks["name"]["advice"]


def test_no_tls_where_tls_is_asked_for(doctor, sandbox):
    code, checks = doctor("--base-url", sandbox.base_url.replace("http:", "https:"))
    assert code == 1
    assert checks["tls"]["status"] == "fail"


def test_a_ca_file_that_is_gone(doctor, sandbox, monkeypatch):
    monkeypatch.setenv("LLMAAS_CA_BUNDLE", "/no/such/ca.pem")
    code, checks = doctor("--base-url", sandbox.base_url.replace("http:", "https:"))
    assert code == 1
    assert checks["tls"]["detail"] == "ca_bundle '/no/such/ca.pem' does not exist."


def test_a_ca_file_that_holds_no_certificate(doctor, sandbox, monkeypatch, tmp_path):
    (tmp_path / "ca.pem").write_text("Dear")
    monkeypatch.setenv("LLMAAS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    code, checks = doctor("--base-url", sandbox.base_url.replace("http:", "https:"))
    assert code == 1
    assert "cannot be read" in checks["tls"]["detail"]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl names the files of a folder")
def test_a_folder_of_authorities_is_trusted_as_by_a_client(doctor, monkeypatch, tmp_path):
    pytest.importorskip("cryptography", reason="the sandbox's extra `tls` makes the certificates")
    with Sandbox(tls="good", data_dir=tmp_path) as box:
        command = ["openssl", "x509", "-hash", "-noout", "-in", box.ca_bundle]
        name = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        (tmp_path / "authorities").mkdir()
        shutil.copy(box.ca_bundle, tmp_path / "authorities" / f"{name}.0")
        monkeypatch.setenv("LLMAAS_CA_BUNDLE", str(tmp_path / "authorities"))
        monkeypatch.setenv("LLMAAS_API_KEY", box.api_key)
        _, checks = doctor("--base-url", box.base_url)
    assert checks["tls"]["status"] in ("ok", "warn")
    assert checks["key"]["status"] == "ok"


@pytest.mark.parametrize(("scheme", "port"), [("http", 80), ("https", 443), ("socks5", 1080)])
def test_a_proxy_that_names_no_port(scheme, port):
    settings = Settings.create(
        base_url="https://service.example", proxy=f"{scheme}://proxy.example"
    )
    assert network.Target.from_settings(settings).first_hop == ("proxy.example", port)


def test_a_wrong_address(doctor, sandbox):
    code, checks = doctor("--base-url", sandbox.base_url + "/elsewhere")
    assert code == 1
    assert checks["address"]["status"] == "fail"
    assert "LLMAAS_BASE_URL" in checks["address"]["advice"]


def test_models_that_are_gone_or_redirected(doctor, sandbox):
    code, checks = doctor("-m", "nobody:1b", "-m", "gpt-oss:20b")
    assert code == 1
    assert checks["model nobody:1b"]["status"] == "fail"
    assert checks["model gpt-oss:20b"]["status"] == "warn"
    assert "redirected to 'gpt-oss:120b'" in checks["model gpt-oss:20b"]["detail"]


def test_a_list_that_does_not_come_leaves_the_packaged_catalog(doctor, sandbox):
    with LLMaaS(headers={"x-sandbox-fault": "slow-headers:30"}, max_retries=0) as client:
        wanted = ["gpt-oss:120b", "nobody:1b"]
        found = run_checks(client, sandbox.api_key, wanted, call=True, timeout=0.5)
        checks = {check.name: check for check in found}
    assert checks["list"].status is Status.WARN
    assert "catalog of 2026" in checks["list"].detail
    assert checks["model gpt-oss:120b"].status is Status.OK
    assert checks["model nobody:1b"].status is Status.FAIL
    assert "timed out" in checks["answer"].detail


def test_a_name_server_that_is_silent(sandbox, monkeypatch):
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: time.sleep(5))
    with LLMaaS(base_url="https://service.example") as client:
        found = list(run_checks(client, "sk-sandbox", ["gpt-oss:120b"], call=False, timeout=0.1))
    [name] = [check for check in found if check.name == "name"]
    assert (name.status, found[-1].status) == (Status.FAIL, Status.SKIP)
    assert "timed out" in name.detail


@pytest.mark.parametrize(
    ("model", "path", "said"),
    [
        ("bge-m3:567m", "/v1/embeddings", "a vector of 1024 numbers"),
        ("qwen3-reranker:4b", "/v2/rerank", "2 passages ranked"),
        ("gpt-oss:120b", "/v1/chat/completions", "'OK'"),
    ],
)
def test_a_model_is_called_as_what_it_is(doctor, sandbox, model, path, said):
    code, checks = doctor("--call", "--model", model)
    assert code == 0
    assert said in checks["answer"]["detail"]
    assert path in {request.path for request in sandbox.requests}


def test_a_wrong_model_is_told_from_a_wrong_address(doctor, sandbox):
    _, checks = doctor("--call", "--model", "gpt-oss:12b")
    assert "Did you mean gpt-oss:120b" in checks["model gpt-oss:12b"]["advice"]
    assert "address" not in checks


def test_html_that_answers_is_a_wrong_address(doctor, sandbox):
    with LLMaaS(headers={"x-sandbox-fault": "html-200"}, max_retries=0) as client:
        *_, last = run_checks(client, sandbox.api_key, ["gpt-oss:120b"], call=False)
    assert (last.name, last.status) == ("address", Status.FAIL)


def test_a_service_that_is_down(sandbox):
    failing = {"x-sandbox-fault": "status:503"}
    with LLMaaS(headers=failing, max_retries=0) as client:
        *_, last = run_checks(client, sandbox.api_key, ["gpt-oss:120b"], call=False)
    assert (last.name, last.status) == ("service", Status.FAIL)
    assert "status.cloud-temple.app" in last.advice


@pytest.mark.parametrize(
    ("seconds", "status"),
    [(0.5, "ok"), (-4, "ok"), (30, "warn"), (-30, "warn"), (600, "fail"), (None, "skip")],
)
def test_the_clock(seconds, status):
    check = service.check_clock(service.ServiceResponse([], seconds, [0.1]))
    assert check.status == status
    if status == "warn":
        assert ("ahead of" if seconds > 0 else "behind") in check.detail


def test_a_slow_way():
    assert (
        service.check_latency(service.ServiceResponse([], 0.0, [0.1, 3.0, 2.5])).status
        is Status.WARN
    )
    assert (
        service.check_latency(service.ServiceResponse([], 0.0, [0.1, 3.0, 0.2])).status is Status.OK
    )


def certificate(days):
    ends = datetime.now(UTC) + timedelta(days=days, hours=1)
    issuer = ((("organizationName", "Some CA"),), (("commonName", "x"),))
    return {"notAfter": f"{ends:%b %d %H:%M:%S %Y} GMT", "issuer": issuer}


@pytest.mark.parametrize(
    ("version", "days", "status"),
    [("TLSv1.3", 60, "ok"), ("TLSv1.3", 3, "warn"), ("TLSv1.2", 60, "warn")],
)
def test_a_certificate(version, days, status):
    check = network.check_certificate(version, certificate(days))
    assert check.status == status
    assert f"{version}, certificate of Some CA until" in check.detail


@pytest.mark.parametrize(
    ("variable", "url", "reached"),
    [
        ("HTTPS_PROXY", "http://user:secret@proxy.example:3128", ("proxy.example", 3128)),
        ("NO_PROXY", "service.example", ("service.example", 443)),
        ("ALL_PROXY", "proxy.example", ("proxy.example", 80)),
    ],
)
def test_proxies_of_the_environment(monkeypatch, variable, url, reached):
    monkeypatch.setenv(variable, url)
    target = network.Target.from_settings(Settings.create(base_url="https://service.example"))
    assert target.first_hop == reached
    assert "secret" not in repr(target)


def test_a_proxy_opens_the_encrypted_way_itself():
    target = network.Target("https", "service.example", 443, proxy="proxy.example:3128")
    assert network.check_tls(target, SimpleNamespace()).status is Status.SKIP


def test_plain_http_to_another_machine_is_a_failure():
    target = network.Target("http", "service.example", 80)
    assert network.check_tls(target, SimpleNamespace()).status is Status.FAIL


def test_for_people_it_says_where_to_start(sandbox, capsys, monkeypatch):
    monkeypatch.delenv("LLMAAS_API_KEY")
    with pytest.raises(SystemExit) as leave:
        main(["doctor"])
    assert leave.value.code == 1
    out = capsys.readouterr().out
    assert "✗ key" in out
    assert "Start with the first ✗" in out


@pytest.mark.parametrize("root", ["https://10.1.2.3:8443", "https://10.1.2.3"])
def test_doctor_and_client_choose_the_same_proxy(root, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "10.0.0.0/8:8443")
    doctor, client = (
        network.Target.from_settings(Settings.create(base_url=root)),
        PoolKey.create(root, None, None),
    )
    assert (doctor.proxy is None) == (client.proxy is None)
