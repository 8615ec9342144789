"""Record the responses of a real engine: `nox -s record -- --engine URL --as NAME VERSION`.

Every recorded request is sent again, byte for byte, to the engine, one connection each; requests
for models that the engine does not serve are left out. ``--model OLD=NEW`` asks another model in
the place of a recorded one, and ``--only TEXT`` picks recordings by their names.
"""

from __future__ import annotations

import argparse
import json
import re
import socket
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from tests.helpers.cassettes.engine_recordings import FOLDER, Recording, load, written

MODEL = re.compile(r"model (\S+),")


def main() -> None:
    """Record the engine that the arguments name."""
    options = _options()
    renamed = dict(pair.split("=", 1) for pair in options.model)
    served = _list_models(options.url, options.key)
    folder = "-".join(options.name)
    for recording in load(options.source):
        old = MODEL.search(recording.provenance)[1]  # type: ignore[index]
        model = renamed.get(old, old)
        if model in served and options.only in recording.name:
            fresh = _recorded(_renamed(recording, old, model), options, model)
            path = FOLDER / folder / f"{recording.name.partition('/')[2]}.http"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(written(fresh))
            print(fresh.status, path.relative_to(FOLDER))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", dest="url", required=True, help="root URL, without /v1")
    parser.add_argument("--as", dest="name", nargs=2, default=["vllm", "0.32.0"], metavar="WORD")
    parser.add_argument("--key", default="sk-test-key-1")
    parser.add_argument("--model", action="append", default=[], metavar="OLD=NEW")
    parser.add_argument("--only", default="", metavar="TEXT")
    parser.add_argument("--source", default="vllm-0.32.0", help="whose requests are sent")
    return parser.parse_args()


def _list_models(url: str, key: str) -> set[str]:
    request = urllib.request.Request(f"{url}/v1/models", headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request, timeout=60) as response:
        return {model["id"] for model in json.load(response)["data"]}


def _renamed(recording: Recording, old: str, new: str) -> Recording:
    body = recording.body.replace(f'"{old}"'.encode(), f'"{new}"'.encode())
    return replace(recording, body=body, path=recording.path.replace(old, new))


def _recorded(recording: Recording, options: argparse.Namespace, model: str) -> Recording:
    name, version = options.name
    provenance = f"recorded: engine {name} {version}, model {model}, {datetime.now(UTC):%Y-%m-%d}"
    response = b"".join(_exchange(recording, options)).replace(options.key.encode(), b"***")
    return replace(recording, provenance=provenance, response=response)


def _exchange(recording: Recording, options: argparse.Namespace) -> Iterator[bytes]:
    parts = urlsplit(options.url)
    keys = {"wrong": "Bearer wrong", "none": ""}
    headers = {
        "Host": parts.netloc,
        "Connection": "close",
        "Authorization": f"Bearer {options.key}",
        "Content-Type": "application/json",
        "Content-Length": str(len(recording.body)),
        **{name.title(): keys.get(value, value) for name, value in recording.sent.items()},
    }
    lines = [f"{recording.method} {recording.path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items() if value]
    address = (parts.hostname, parts.port or 80)
    with socket.create_connection(address, timeout=120) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + recording.body)
        while data := connection.recv(65536):
            yield data


if __name__ == "__main__":
    main()
