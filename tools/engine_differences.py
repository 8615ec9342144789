"""Comparison of a real engine's responses with the sandbox's responses to the same requests.

`python -m tools.engine_differences [DIALECT]` prints every difference, `--write` renews the
table in ``tests/README.md``. Each must be explained in ``engine_differences.yaml``.
"""

from __future__ import annotations

import json
import re
import sys
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import yaml

from tests.helpers.cassettes.engine_recordings import Recording, load
from tools.tables import markdown, put

MODELS = {
    "tiny-chat-qwen": "qwen3.6:27b",
    "tiny-chat-mistral": "mistral-small4:119b",
    "tiny-qwen": "qwen3.6:27b",
    "tiny-embed": "granite-embedding:278m",
    "tiny-cross": "bge-reranker-large",
}
UNCOMPARED_HEADERS = {
    "connection", "content-length", "date", "keep-alive", "server", "transfer-encoding", "vary",
}  # fmt: skip
EXPLANATIONS = Path(__file__).with_suffix(".yaml")
DIALECTS = ("", "engine:vllm")
Shape = dict[str, set[str]]


def differences(root: str, key: str, *, dialect: str = "") -> dict[str, list[str]]:
    """Collect each difference, with the names of the recordings that show it."""
    found: dict[str, list[str]] = defaultdict(list)
    for recording in load():
        if recording.is_comparable:
            for difference in _compared(recording, *_send(recording, root, key, dialect)):
                found[difference].append(recording.name.partition("/")[2])
    return dict(sorted(found.items()))


def explanations() -> dict[str, str]:
    """Read the entries, each with its reason."""
    read: dict[str, str] = yaml.safe_load(EXPLANATIONS.read_text())
    return read


@cache
def explained() -> dict[str, str]:
    """Return every difference that is explained, with the entry that does it."""
    return {difference: entry for entry in explanations() for difference in spelled_out(entry)}


def spelled_out(entry: str) -> list[str]:
    """Return the differences that an entry names: ``{a,b}`` stands for either."""
    parts = re.split(r"\{([^{}]*)\}", entry)
    choices = [part.split(",") if i % 2 else [part] for i, part in enumerate(parts)]
    return ["".join(chosen) for chosen in product(*choices)]


def find_pattern(difference: str) -> str:
    """Return the entry that explains a difference, or None."""
    return explained().get(difference, "")


def _send(
    recording: Recording, root: str, key: str, dialect: str
) -> tuple[int, Mapping[str, str], bytes]:
    body, path = recording.body.decode("utf-8", "surrogateescape"), recording.path
    for theirs, ours in MODELS.items():
        body = body.replace(f'"{theirs}"', f'"{ours}"')
        path = path.replace(theirs, ours)
    headers = {"Content-Type": "application/json", **recording.sent}
    shown = {"wrong": "Bearer wrong", "none": None}.get(headers.pop("authorization", ""), key)
    headers |= {"Authorization": f"Bearer {shown}"} if shown else {}
    headers |= {"x-sandbox-dialect": dialect} if dialect else {}
    data = body.encode("utf-8", "surrogateescape") if recording.method == "POST" else None
    request = urllib.request.Request(root + path, data, headers, method=recording.method)
    try:
        answer = urllib.request.urlopen(request, timeout=30)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read()


def _compared(
    recording: Recording, status: int, headers: Mapping[str, str], content: bytes
) -> Iterator[str]:
    if status != recording.status:
        yield f"status {status} instead of {recording.status}: {recording.name.partition('/')[2]}"
        return
    for name in sorted((headers.keys() ^ recording.headers.keys()) - UNCOMPARED_HEADERS):
        yield f"header {'extra' if name in headers else 'missing'}: {name}"
    kind = _get_kind(recording)
    theirs, ours = _shape(recording.content), _shape(content)
    for path in sorted(theirs.keys() | ours.keys()):
        if path not in ours:
            yield f"{kind} missing: {path}"
        elif path not in theirs:
            yield f"{kind} extra: {path}"
        elif not ours[path] & theirs[path]:
            own, expected = _join_names(ours[path]), _join_names(theirs[path])
            yield f"{kind} type {own} instead of {expected}: {path}"


def _get_kind(recording: Recording) -> str:
    if recording.status >= 400:
        return "error"
    is_stream = isinstance(recording.request, dict) and recording.request.get("stream")
    return f"{recording.path}{' stream' if is_stream else ''}"


def _shape(content: bytes) -> Shape:
    shape: Shape = defaultdict(set)
    for value in _values(content):
        _add(value, "", shape)
    return shape


def _values(content: bytes) -> Iterator[Any]:
    try:
        yield json.loads(content)
    except ValueError:
        for line in content.splitlines():
            if line.startswith(b"data: {"):
                yield json.loads(line[6:])


def _add(value: Any, path: str, shape: Shape) -> None:
    shape[path or "(body)"].add(type(value).__name__)
    if isinstance(value, dict):
        for key, item in value.items():
            _add(item, f"{path}.{key}".lstrip("."), shape)
    elif isinstance(value, list):
        for item in value:
            _add(item, f"{path}[]", shape)


def _join_names(types: set[str]) -> str:
    return "/".join(sorted(types))


def all_differences() -> dict[str, dict[str, list[str]]]:
    """Return the differences of each response variant."""
    from llmaas_sandbox import Sandbox

    with Sandbox() as box:
        return {d: differences(box.root_url, box.api_key, dialect=d) for d in DIALECTS}


def rows() -> list[list[str]]:
    """Return a row per explanation: how many recordings show it, by variant."""
    shown: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for dialect, found in all_differences().items():
        for difference, names in found.items():
            shown[find_pattern(difference)][dialect].update(names)
    return [
        [f"`{pattern}`", *(str(len(shown[pattern][d]) or "-") for d in DIALECTS), why]
        for pattern, why in explanations().items()
    ]


def main() -> None:
    """Write the table, or print every difference and whether it is explained."""
    if "--write" in sys.argv:
        head = ["difference", *(f"`{d}`" if d else "default" for d in DIALECTS), "why"]
        put("engines", "tools/engine_differences.py", markdown(head, rows()))
        return
    for difference, names in all_differences()["".join(sys.argv[1:])].items():
        why = explanations().get(find_pattern(difference), "(not explained)")
        print(f"{difference}  [{len(names)}: {', '.join(names[:3])}]  {why}")


if __name__ == "__main__":
    main()
