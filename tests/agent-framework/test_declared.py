"""Agents written in YAML."""

import pytest

declarative = pytest.importorskip(
    "agent_framework_declarative", reason="declared agents are a package of their own"
)

WITH_CLIENT = """\
kind: Prompt
name: Assistant
instructions: Answer briefly.
model:
  options:
    temperature: 0.3
"""
BY_PROVIDER = """\
kind: Prompt
name: Assistant
instructions: Answer briefly.
model:
  id: gemma4:31b
  provider: LLMaaS
  apiType: Chat
"""
OURS = {
    "LLMaaS.Chat": {
        "package": "agent_framework_llmaas",
        "name": "LLMaaSChatClient",
        "model_field": "model",
    }
}

pytestmark = pytest.mark.filterwarnings("ignore:.*is experimental")


async def test_declared_agent_with_a_client(sandbox, client):
    agent = declarative.AgentFactory(client=client).create_agent_from_yaml(WITH_CLIENT)
    assert (await agent.run('Say "Oui"')).text == "Oui"
    body = sandbox.requests[-1].json
    assert body["messages"][0] == {"role": "system", "content": "Answer briefly."}
    assert body["temperature"] == 0.3


async def test_declared_agent_that_names_the_provider(sandbox):
    factory = declarative.AgentFactory(additional_mappings=OURS)
    agent = factory.create_agent_from_yaml(BY_PROVIDER)
    assert (await agent.run('Say "Oui"')).text == "Oui"
    assert sandbox.requests[-1].json["model"] == "gemma4:31b"
