"""The scenario blueprint, run module by module, its HTTP request against the sandbox."""

import json
from urllib.request import Request, urlopen

import pytest

from llmaas import pricing
from tests.cookbooks.make.iml import render
from tests.helpers.repository import ROOT

FOLDER = ROOT / "cookbooks"
BLUEPRINT = json.loads((FOLDER / "make/blueprints/summarise-webhook.json").read_text())
SERVICE = "https://api.ai.cloud-temple.com/v1"
TEXTS = [
    "Le serveur sera déplacé le 3 mars.",
    'Il a dit : "non".\nPuis \\o/ et {{1.text}} & <b>.',
]


def steps():
    return {step["module"]: step for step in BLUEPRINT["flow"]}


def run(text, sandbox):
    """Follow the flow: webhook, JSON text, HTTP request, response."""
    scope = {"1": {"text": text}}
    made = render(steps()["json:TransformToJSON"]["mapper"]["object"], scope)
    scope["2"] = {"json": json.dumps(made, ensure_ascii=False)}
    scope["3"] = sent(steps()["http:MakeRequest"]["mapper"], scope, sandbox)
    return render(steps()["gateway:WebhookRespond"]["mapper"], scope)


def sent(mapper, scope, sandbox):
    """Send it with what Make's keychain adds: the Authorization header."""
    url = mapper["url"].replace(SERVICE, sandbox.base_url)
    headers = {one["name"]: one["value"] for one in mapper["headers"]}
    headers |= {
        "authorization": f"Bearer {sandbox.api_key}",
        "content-type": {"json": "application/json"}[mapper["contentType"]],
    }
    body = render(mapper["jsonStringBodyContent"], scope).encode()
    with urlopen(Request(url, body, headers, method=mapper["method"].upper())) as answer:
        return {"statusCode": answer.status, "data": json.load(answer)}


@pytest.mark.parametrize("text", TEXTS)
def test_the_scenario_summarises_whatever_the_text_holds(sandbox, text):
    response = run(text, sandbox)
    assert response["status"] == "200"
    assert response["body"]
    system, user = (message["content"] for message in sandbox.requests[0].json["messages"])
    assert system.startswith("Tu résumes")
    assert f"<text>\n{text}\n</text>" in user


def test_reasoning_inside_the_answer_is_left_out(sandbox):
    sandbox.script([{"content": "- Un fait.", "reasoning": "Hm.", "fault": "think"}])
    assert run(TEXTS[0], sandbox)["body"] == "- Un fait."


def test_the_cost_is_that_of_the_core(sandbox):
    usage = {"prompt_tokens": 1234, "completion_tokens": 567, "total_tokens": 1801}
    sandbox.script([{"content": "Oui.", "usage": usage}])
    headers = {one["key"]: one["value"] for one in run(TEXTS[0], sandbox)["headers"]}
    newest = pricing.TARIFFS[-1]
    exact = 1234 * newest.prompt + 567 * newest.completion
    assert headers["x-cost-eur"] == (exact + 500) // 1000 / 1_000_000


def test_its_instructions_are_those_of_the_other_platforms():
    words = json.loads((FOLDER / "nocode/instructions.json").read_text())["summarise"]
    form = words["forms"]["bullets"]["fr"]
    system = words["fr"].replace("%language%", "français").replace("%form%", form)
    body = steps()["http:MakeRequest"]["mapper"]["jsonStringBodyContent"]
    assert json.loads(body.replace("{{2.json}}", '""'))["messages"][0]["content"] == system


def test_it_is_importable_by_what_every_blueprint_has():
    assert {"name", "flow", "metadata"} == set(BLUEPRINT)
    ids = [step["id"] for step in BLUEPRINT["flow"]]
    assert ids == sorted(set(ids))
    for step in BLUEPRINT["flow"]:
        assert {"id", "module", "version", "parameters", "mapper", "metadata"} == set(step)
        assert {"x", "y"} <= set(step["metadata"]["designer"])


def test_blueprint_uses_the_http_app_version_4_with_a_keychain():
    step = steps()["http:MakeRequest"]
    assert (step["version"], step["parameters"]["authenticationType"]) == (4, "apiKey")
    assert step["mapper"]["inputMethod"] == "jsonString"
    assert not any("keychain" in key.lower() and value for key, value in step["parameters"].items())


def test_no_account_and_no_key_is_in_it():
    text = json.dumps(BLUEPRINT)
    assert "__IMTCONN__" not in text
    assert "authorization" not in text.lower()
