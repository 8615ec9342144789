"""The command `llm` with a model of its extra-openai-models.yaml."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from checks import KEY, MODEL, URL, done

with tempfile.TemporaryDirectory() as folder:
    lines = [f"- model_id: ours\n  model_name: {MODEL}\n  api_base: {URL}\n  api_key_name: ours\n"]
    Path(folder, "extra-openai-models.yaml").write_text(lines[0])
    environment = {**os.environ, "LLM_USER_PATH": folder}
    for more in ([], ["--no-stream"]):
        command = [sys.executable, "-m", "llm", "-m", "ours", "--key", KEY, *more]
        told = subprocess.run(
            [*command, 'Say "Bonjour"'], env=environment, capture_output=True, text=True
        )
        assert told.stdout.strip() == "Bonjour", told
done("llm", "streamed, whole")
