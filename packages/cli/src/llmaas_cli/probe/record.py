"""Cassettes of a run, in the format of the repository's recorded exchanges."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from llmaas.errors import ConfigurationError
from llmaas.urls import DEFAULT_BASE_URL
from llmaas_cli.probe.exchange import Exchange
from llmaas_cli.probe.scrub import HEADERS, HIDDEN, NAMED_HEADERS, scrub_body, scrub_text
from llmaas_cli.probe.table.all import BY_ID

LARGEST = 48 * 1024
"""Bytes of a file; larger exchanges are left out."""
_SERVICE = DEFAULT_BASE_URL.removesuffix("/v1")
_ODD = re.compile("[\r\x85\u2028\u2029\ufeff]")
"""Characters that YAML escapes."""


def provenance(address: str, *, is_sandbox: bool, measured: date) -> str:
    """Name who answered: the sandbox, the service, or a service at another address."""
    if is_sandbox:
        return "sandbox"
    where = "" if address == DEFAULT_BASE_URL else f" at {urlsplit(address).hostname}"
    return f"service {measured}{where}"


def write_cassettes(
    folder: Path,
    exchanges: Mapping[str, Sequence[Exchange]],
    recorded: str,
    secrets: tuple[str, ...] = (),
) -> tuple[list[Path], int]:
    """Write the exchanges of each section; return the files and how many were too large.

    ``exchanges`` are listed by the names of results.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files, dropped = [], 0
    for section, written in _by_section(exchanges, secrets).items():
        small = [each for each in written if len(_text("", [each])) < LARGEST]
        dropped += len(written) - len(small)
        for number, part in enumerate(_parts(small), 1):
            path = folder / f"{section}{'' if number == 1 else f'-{number}'}.yaml"
            path.write_text(_text(recorded, part), "utf-8")
            files.append(path)
    return files, dropped


def _by_section(
    exchanges: Mapping[str, Sequence[Exchange]], secrets: tuple[str, ...]
) -> dict[str, list[dict[str, object]]]:
    sections: dict[str, list[dict[str, object]]] = {}
    for name, several in exchanges.items():
        known = sections.setdefault(BY_ID[name.split(" ")[0]].section, [])
        known += [to_dict(each, secrets) for each in several]
    return sections


def _parts(written: Sequence[dict[str, object]]) -> Iterator[list[dict[str, object]]]:
    """Split exchanges into files below the limit."""
    part: list[dict[str, object]] = []
    size = 0
    for each in written:
        length = len(_text("", [each]))
        if part and size + length > LARGEST:
            yield part
            part, size = [], 0
        part.append(each)
        size += length
    if part:
        yield part


def to_dict(exchange: Exchange, secrets: tuple[str, ...] = ()) -> dict[str, Any]:
    """Convert an exchange to what a cassette holds, scrubbed."""
    request, response = exchange.request, exchange.response
    headers = {n: response.headers[n] for n in sorted(HEADERS & response.headers.keys())}
    headers |= dict.fromkeys(sorted(NAMED_HEADERS & response.headers.keys()), HIDDEN)
    key = {"key": "wrong"} if "authorization" in request.headers else {}
    return {
        "request": {
            "method": request.method,
            "uri": _SERVICE + request.path,
            **_body(request.body or b"", secrets, is_ours=True),
            **key,
        },
        "response": {
            "status": response.status,
            "headers": dict(sorted(headers.items())),
            **_body(response.body, secrets),
        },
    }


def _body(body: bytes, secrets: tuple[str, ...], *, is_ours: bool = False) -> dict[str, Any]:
    """Return a body under the name of its form: ``json``, ``text`` or ``base64``."""
    if not body:
        return {}
    data = body if is_ours else scrub_body(body, secrets)
    try:
        return {"json": _sorted(json.loads(data))}
    except ValueError:
        pass
    try:
        return {"text": scrub_text(data.decode(), secrets)}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def _sorted(value: object, *, as_it_is: bool = False) -> object:
    """Sort all keys but the names of a schema's properties."""
    if isinstance(value, dict):
        names = value if as_it_is else sorted(value)
        return {name: _sorted(value[name], as_it_is=name == "properties") for name in names}
    return [_sorted(each) for each in value] if isinstance(value, list) else value


def _text(recorded: str, exchanges: Sequence[Mapping[str, Any]]) -> str:
    """Write a cassette: sorted YAML, several lines of text as a block."""
    yaml = require_yaml()

    class Dumper(yaml.SafeDumper):  # type: ignore[misc, name-defined]
        def ignore_aliases(self, data: object) -> bool:
            return True

    def write_text(dumper: Any, text: str) -> Any:
        style = "|" if "\n" in text else None
        return dumper.represent_scalar(
            "tag:yaml.org,2002:str", text, '"' if _ODD.search(text) else style
        )

    Dumper.add_representer(str, write_text)
    document = {"recorded": recorded, "exchanges": list(exchanges)}
    options = {"allow_unicode": True, "sort_keys": False, "width": 2**20, "indent": 2}
    return str(yaml.dump(document, Dumper=Dumper, **options))


def require_yaml() -> Any:
    """Import PyYAML, which the extra ``record`` installs. Raises ``ConfigurationError``."""
    try:
        import yaml
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "--record requires PyYAML, which is not installed. "
            "Run `pip install 'llmaas-cli[record]'`, or leave --record out. Nothing was sent."
        ) from error
    return yaml
