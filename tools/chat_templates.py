"""Real chat templates: downloaded from the package index, rendered as engines do.

They belong to their models, so none is kept in this repository: the source distribution of
llama-cpp-python ships them. ``python -m tools.chat_templates FOLDER`` fetches them once.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

REQUIREMENT = "llama-cpp-python==0.3.36"
INSIDE = "/vendor/llama.cpp/models/templates/"


def fetch(folder: Path) -> None:
    """Download the distribution (77 MB) with pip and save its templates in ``folder``."""
    if any(folder.glob("*.jinja")):
        return
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        source = ["--no-deps", "--no-binary", "llama-cpp-python", "--dest", scratch]
        command = [sys.executable, "-m", "pip", "download", "--quiet", *source, REQUIREMENT]
        subprocess.run(command, check=True, timeout=600)
        [archive] = Path(scratch).glob("*.tar.gz")
        _unpack(archive, folder)


def _unpack(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as tar:
        for member in tar:
            if INSIDE in member.name and member.name.endswith(".jinja"):
                data = tar.extractfile(member)
                assert data is not None
                (folder / Path(member.name).name).write_bytes(data.read())


def environment() -> Any:
    """Return Jinja as transformers, vLLM and llama.cpp set it up."""
    from jinja2 import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def refuse(words: str) -> None:
        raise TemplateError(words)

    def tojson(value: Any, ensure_ascii: bool = False, indent: int | None = None) -> str:
        return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent)

    jinja = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    jinja.filters |= {"tojson": tojson, "from_json": json.loads}
    jinja.globals["raise_exception"] = refuse
    jinja.globals["strftime_now"] = lambda form: datetime.now(UTC).strftime(form)
    return jinja


def render(template: Any, messages: Sequence[Any], tools: Any) -> str:
    """Return the prompt; null contents and arguments are read as vLLM does."""
    given = json.loads(json.dumps(list(messages)))
    for message in given:
        if message.get("content") is None:
            message["content"] = ""
        for call in message.get("tool_calls") or ():
            call["function"]["arguments"] = json.loads(call["function"]["arguments"])
    prompt = template.render(
        messages=given, tools=tools, add_generation_prompt=True, bos_token="<s>", eos_token="</s>"
    )
    return str(prompt).replace("\\n", "\n").replace('\\"', '"')


if __name__ == "__main__":
    fetch(Path(sys.argv[1]))
