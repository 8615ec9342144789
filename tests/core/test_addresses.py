"""Addresses: what may be one, what is refused with a typed error, and what is warned about."""

from __future__ import annotations

import re
import warnings
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import llmaas
from llmaas import LLMaaS
from llmaas.settings import Settings

KEY = "sk-sandbox"

NONE = [
    "api.ai.cloud-temple.com",
    "ftp://x",
    "https://",
    "https:///v1",
    "//x/v1",
    "https://x?a=1",
    "https://x#part",
    "https://x:99999",
    "https://x:0",
    "https://x:-1",
    "https://x:port/v1",
    "https://x:1:2",
    "https://[::1",
    "https://::1]",
    "https://[::1]x",
    "https://[not-an-address]",
    "https://a..b",
    "https://.a",
    "https://a b",
    "https://a\\b",
    "https://a\nb",
    "https://a%00b",
    "javascript:alert(1)",
    "file:///etc/hosts",
    "   ",
]


@pytest.mark.parametrize("url", NONE)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(llmaas.ConfigurationError, match="base_url"):
        Settings.create(api_key=KEY, base_url=url)


@pytest.mark.parametrize("url", [7, b"https://x", object()])
def test_what_is_no_string(url: Any) -> None:
    with pytest.raises(llmaas.ConfigurationError, match="base_url"):
        Settings.create(api_key=KEY, base_url=url)


@given(st.text(max_size=30) | st.text("htps:/[]@.%#?1ax\\ \n", max_size=20).map("https://".__add__))
def test_any_text_is_an_address_or_a_typed_error(url: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            settings = Settings.create(api_key=KEY, base_url=url or "x")
            again = Settings.create(api_key=KEY, base_url=settings.base_url)
        except llmaas.ConfigurationError:
            return
    assert re.fullmatch(r"https?://\S+/v1", settings.base_url)
    assert settings.host
    assert again == settings


@pytest.mark.parametrize(
    ("url", "root"),
    [
        (" HTTPS://Gw.Example/llm/v1/ ", "https://gw.example/llm"),
        ("https://gw.example:8443", "https://gw.example:8443"),
        ("https://gw.example:", "https://gw.example"),
        ("https://[2001:DB8::1]:8443/v1", "https://[2001:db8::1]:8443"),
        ("https://été.example/V1", "https://été.example/V1"),
        ("https://gw.example/v1/v1", "https://gw.example"),
    ],
)
def test_one_address_is_written_one_way(url: str, root: str) -> None:
    assert Settings.create(api_key=KEY, base_url=url).root == root


@pytest.mark.parametrize(
    "url",
    [
        "https://jo:hunter22@gw.example/v1",
        "https://hunter22@gw.example",
        "https://jo:hunter22@gw.example:99999",
        "https://jo:hunter22@[::1",
        "https://jo:hunter22@x@gw.example",
        "ftp://jo:hunter22@gw.example",
        "jo:hunter22@gw.example",
        "https://gw.example?key=hunter22",
        "https://gw.example#hunter22",
        "https://jo:hunter22/@gw.example",
    ],
)
def test_a_password_in_the_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(llmaas.ConfigurationError, match="base_url") as caught:
        LLMaaS(api_key=KEY, base_url=url)
    chain: BaseException | None = caught.value
    while chain is not None:
        assert "hunter22" not in f"{chain!r} {chain}"
        chain = chain.__cause__ or chain.__context__


def test_refused_password_names_the_headers_option() -> None:
    with pytest.raises(llmaas.ConfigurationError, match="headers"):
        LLMaaS(api_key=KEY, base_url="https://jo:hunter22@gw.example")


LOCAL = ["localhost", "LOCALHOST", "localhost.", "127.0.0.1", "127.8.9.10", "[::1]"]
LOCAL += ["[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]"]


@pytest.mark.parametrize("host", LOCAL)
def test_plain_http_stays_on_this_machine_without_a_warning(host: str) -> None:
    Settings.create(api_key=KEY, base_url=f"http://{host}:8080/v1")


FAR = ["gw.example", "192.0.2.1", "10.0.0.1", "[2001:db8::1]", "[::ffff:192.0.2.1]", "0.0.0.0"]
FAR += ["127.0.0.1.example", "localhost.example", "128.0.0.1", "1270.0.1"]


@pytest.mark.parametrize("host", FAR)
def test_plain_http_beyond_it_is_warned_about(host: str) -> None:
    with pytest.warns(llmaas.warnings.InsecureURLWarning, match="not encrypted") as caught:
        LLMaaS(api_key=KEY, base_url=f"http://{host}:8080/v1")
    assert caught[0].filename == __file__


def test_changing_something_else_does_not_warn_again() -> None:
    with pytest.warns(llmaas.warnings.InsecureURLWarning):
        client = LLMaaS(api_key=KEY, base_url="http://gw.example/v1")
    assert client.with_options(timeout=3).settings.root == "http://gw.example"


ROOT = "https://gw.example/llm"


@pytest.mark.parametrize(
    "pasted",
    [
        f"{ROOT}/v1/chat/completions",
        f"{ROOT}/v1/chat/completions/",
        f"{ROOT}/v1/completions",
        f"{ROOT}/v1/embeddings",
        f"{ROOT}/v1/models",
        f"{ROOT}/v1/audio/transcriptions",
        f"{ROOT}/v1/audio/speech",
        f"{ROOT}/v1/images/generations",
        f"{ROOT}/v2/rerank",
        f"{ROOT}/v1/v1",
        f"{ROOT}/v1/v1/chat/completions",
        f"{ROOT}/v1//",
        f'"{ROOT}/v1"',
        f"'{ROOT}'",
        f"<{ROOT}/v1>",
        f"{ROOT}//v1",
    ],
)
def test_what_people_paste_is_corrected(pasted: str) -> None:
    assert Settings.create(api_key=KEY, base_url=pasted).root == ROOT


@pytest.mark.parametrize("url", ["https://gw.example/v10", "https://gw.example/mymodels"])
def test_paths_that_only_look_alike_stay(url: str) -> None:
    assert Settings.create(api_key=KEY, base_url=url).root == url


def test_the_vendors_variable_is_read_where_ours_is_not_set(monkeypatch: Any) -> None:
    monkeypatch.delenv("LLMAAS_BASE_URL", raising=False)
    monkeypatch.setenv("LLMAAS_API_URL", f"{ROOT}/v1")
    assert Settings.create(api_key=KEY).root == ROOT
    monkeypatch.setenv("LLMAAS_BASE_URL", "https://other.example/v1")
    assert Settings.create(api_key=KEY).root == "https://other.example"


@pytest.mark.parametrize(
    "copied",
    [
        "sk-abc",
        " sk-abc\n",
        '"sk-abc"',
        "'sk-abc'",
        "Bearer sk-abc",
        "bearer  sk-abc",
        '"Bearer sk-abc"',
        "Authorization: Bearer sk-abc",
        "`sk-abc`",
    ],
)
def test_what_is_copied_along_with_a_key_is_left_out(copied: str, monkeypatch: Any) -> None:
    assert Settings.create(api_key=copied).key.get_sync() == "sk-abc"
    assert Settings.create(api_key=lambda: copied).key.get_sync() == "sk-abc"
    monkeypatch.setenv("LLMAAS_API_KEY", copied)
    assert Settings.create().key.get_sync() == "sk-abc"


@pytest.mark.parametrize("key", ["", " ", '""', "Bearer ", "sk-\u00e9", "sk-a\nb"])
def test_a_key_that_no_header_takes_is_refused(key: str) -> None:
    with pytest.raises(llmaas.ConfigurationError):
        Settings.create(api_key=key)
