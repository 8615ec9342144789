"""Recorded exchanges with a real engine.

A file holds one exchange, named after a digest of its request and its turn among equal ones.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

from llmaas_sandbox.upstream.client import UpstreamResponse

Part = tuple[float, bytes]
"""Seconds since the part before, and its bytes."""


class Fixtures:
    """Recorded exchanges. Equal requests replay their responses in turn, then the last one."""

    def __init__(self, secrets: Iterable[str], speed: float = 0.0) -> None:
        self._secrets = tuple(secret for secret in secrets if secret)
        self._speed = speed
        self._turns: Counter[str] = Counter()

    def record(
        self, folder: Path, request: Mapping[str, Any], answer: UpstreamResponse, began: float
    ) -> UpstreamResponse:
        """Return the response; its file is written when the body has been read completely."""
        masked = self._mask_request(request)
        name = self._turn(_digest(masked))
        return replace(answer, body=self._record_body(folder / name, masked, answer, began))

    def replay(self, folder: Path, request: Mapping[str, Any]) -> UpstreamResponse | None:
        """Return the recorded response to an equal request, or None."""
        digest = _digest(self._mask_request(request))
        kept = sorted(folder.glob(f"{digest}-*.json"))
        if not kept:
            return None
        turn = min(self._turns[digest], len(kept) - 1)
        self._turns[digest] += 1
        response = json.loads(kept[turn].read_text("utf-8"))["response"]
        body = _played([_read(part) for part in response["parts"]], self._speed)
        return UpstreamResponse(
            response["status"], {"content-type": response["content-type"]}, body
        )

    def clear(self) -> None:
        """Restart with the first response to each request."""
        self._turns.clear()

    def _turn(self, digest: str) -> str:
        self._turns[digest] += 1
        return f"{digest}-{self._turns[digest]:04}.json"

    def _mask_request(self, request: Mapping[str, object]) -> dict[str, object]:
        masked: dict[str, object] = json.loads(self._mask(_text(request)))
        return masked

    async def _record_body(
        self, path: Path, request: Mapping[str, object], answer: UpstreamResponse, before: float
    ) -> AsyncIterator[bytes]:
        parts: list[Part] = []
        async for data in answer.body:
            now = time.perf_counter()
            parts.append((now - before, data))
            before = now
            yield data
        self._write(path, request, answer, parts)

    def _write(
        self, path: Path, request: Mapping[str, object], answer: UpstreamResponse, parts: list[Part]
    ) -> None:
        response = {
            "status": answer.status,
            "content-type": answer.headers.get("content-type", "application/octet-stream"),
            "parts": [{"after": round(s, 6), **encode_bytes(d)} for s, d in self._without(parts)],
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.stem.endswith("-0001"):  # what an earlier run recorded is out of date
            for old in path.parent.glob(f"{path.stem[:-5]}-*.json"):
                old.unlink()
        path.write_text(_text({"request": request, "response": response}, indent=1) + "\n", "utf-8")

    def _without(self, parts: list[Part]) -> list[Part]:
        """Mask secrets; they may lie across parts, which are then joined."""
        whole = b"".join(data for _, data in parts)
        masked = whole
        for secret in self._secrets:
            masked = masked.replace(secret.encode(), b"***")
        return parts if masked == whole else [(sum(s for s, _ in parts), masked)]

    def _mask(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


async def _played(parts: list[Part], speed: float) -> AsyncIterator[bytes]:
    for after, data in parts:
        if speed:
            await asyncio.sleep(after / speed)
        yield data


def _digest(request: Mapping[str, object]) -> str:
    return blake2b(_text(request).encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()


def _text(value: object, indent: int | None = None) -> str:
    return json.dumps(value, sort_keys=True, indent=indent)


def encode_bytes(data: bytes) -> dict[str, str]:
    """Convert bytes to a JSON object: text if they are UTF-8, otherwise base64."""
    try:
        return {"text": data.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def _read(part: Mapping[str, Any]) -> Part:
    data = part["text"].encode() if "text" in part else base64.b64decode(part["base64"])
    return part["after"], data
