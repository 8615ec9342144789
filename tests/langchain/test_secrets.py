"""A pickle holds neither the key nor what else authenticates; a copy keeps all of it."""

import copy
import pickle

import pytest

from langchain_llmaas import ChatLLMaaS, LLMaaSEmbeddings
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
