"""A client that openapi-python-client makes of /openapi.json."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.request import urlopen

from checks import KEY, MODEL, ROOT, done

with tempfile.TemporaryDirectory() as folder:
    document = Path(folder, "openapi.json")
    document.write_bytes(urlopen(f"{ROOT}/openapi.json").read())
    assert "/admin/keys" in json.loads(document.read_text())["paths"]
    made = Path(folder, "made")
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none"]
    subprocess.run([*command, "--path", document, "--output-path", made], check=True)
    sys.path.insert(0, folder)
    from made.api.default import post_v1_chat_completions as chat
    from made.client import AuthenticatedClient
    from made.models import ChatRequest, Message, MessageRole

    client = AuthenticatedClient(ROOT, token=KEY)
    message = Message(role=MessageRole.USER, content='Say "Bonjour"')
    told = chat.sync(client=client, body=ChatRequest(model=MODEL, messages=[message]))
    assert told.choices[0].message.content == "Bonjour", told
done("openapi-python-client", "generated client chats")
