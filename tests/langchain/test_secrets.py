"""A pickle holds neither the key nor what else authenticates; a copy keeps all of it."""

import copy
import pickle

import pytest

from langchain_llmaas import (
    ChatLLMaaS,
    LLMaaSAudioParser,
    LLMaaSEmbeddings,
    LLMaaSImages,
    LLMaaSRerank,
)
from tests.helpers.isolation import secret_leaks

PROXY = "http://jo:hunter222@127.0.0.1:9"


@pytest.mark.parametrize("kind", [ChatLLMaaS, LLMaaSEmbeddings])
def test_no_secret_is_pickled(kind):
    headers = {"X-Gateway-Token": "token-0123456789", "X-Team": "blue"}
    told = {"api_key": secret_leaks.KEY, "proxy": PROXY, "default_headers": headers}
    model = kind(model="gpt-oss:120b", base_url="https://gw.example", **told)
    data = pickle.dumps(model)
    assert not [
        w for w in ("hunter222", "token-0123456789", secret_leaks.KEY) if w.encode() in data
    ]
    woken = pickle.loads(data)
    assert woken.default_headers == {"X-Team": "blue"}
    assert woken.proxy == "http://127.0.0.1:9"
    same = copy.deepcopy(model)
    assert (same.proxy, same.default_headers) == (PROXY, headers)


KINDS = [ChatLLMaaS, LLMaaSEmbeddings, LLMaaSRerank, LLMaaSImages, LLMaaSAudioParser]


@pytest.mark.parametrize("kind", KINDS)
def test_no_key_is_shown_when_its_argument_is_misspelt(kind):
    with pytest.raises(TypeError, match=rf"^{kind.__name__}\(\) got .*'apikey'$"):
        kind(model="m", apikey=secret_leaks.KEY)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrong", [{"default_headers": "hunter222"}, {"proxy": ["hunter222"]}])
def test_no_value_is_shown_when_an_argument_has_a_wrong_type(kind, wrong):
    with pytest.raises(ValueError, match=rf"{kind.__name__}\n{next(iter(wrong))}") as caught:
        kind(model="m", **wrong)
    assert "hunter222" not in f"{caught.value!s}{caught.value!r}"
