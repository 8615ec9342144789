"""Checkpoint files of a bulk run: results in ``OUT``, sent requests in ``OUT.state``.

The state is written before each request, so that a resumed run knows which prompts may have been
billed without a result.
"""

from __future__ import annotations

import json
import stat
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from llmaas._errors_base import ConfigurationError
from llmaas.bulk.jsonl import JSONLFile
from llmaas.bulk.progress import Progress
from llmaas.bulk.records import RECORD_START, parse_head, to_line

_FORMAT = 1
_HEADER_START = b'{"llmaas-bulk": '
_MAX_HEADER_BYTES = 10_000_000
_SYNC_SECONDS = 1.0
_SENT, _UNSENT = b'["sent"', b'["back"'
"""Start of the lines that count requests; other lines are events of an engine."""


class BitSet:
    """Set of small integers, one bit each."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, number: int) -> None:
        """Add an integer."""
        byte = number >> 3
        if byte >= len(self._bits):
            self._bits.extend(bytes(byte + 1024 - len(self._bits)))
        self._bits[byte] |= 1 << (number & 7)

    def __contains__(self, number: int) -> bool:
        byte = number >> 3
        return byte < len(self._bits) and bool(self._bits[byte] >> (number & 7) & 1)


class Checkpoint:
    """Results and state of one run, locked against a second run."""

    def __init__(self, out: Path, header: Mapping[str, Any], *, retry_errors: bool = False) -> None:
        self.out, self.done, self.sent = out, BitSet(), dict[int, int]()
        self.resent = 0
        state = state_path(out)
        is_new = not state.exists() and not state.is_symlink()
        if is_new and out.exists() and (not out.is_file() or out.stat().st_size):
            raise ConfigurationError(
                f"{out} already exists and has no checkpoint ({state.name}). Choose another --out."
            )
        self._state = _open_locked(state, out)
        self._synced = time.monotonic()
        self.progress = Progress()
        try:
            saved = self._read_header()
            if saved is not None:
                self._check_header(header, saved)
            self._results = JSONLFile(out)
            self._load(header, retry_errors, is_resumed=saved is not None)
        except BaseException:
            self._abandon(state, is_new=is_new)
            raise

    def mark_sent(self, index: int) -> int:
        """Record that a prompt is about to be sent; return the number of its requests."""
        self._state.append(f'["sent",{index}]')
        count = self.sent.get(index, 0) + 1
        self.sent[index] = count
        return count

    def unmark_sent(self, index: int) -> None:
        """Record that a prompt was not sent: the call was refused by the client."""
        self._state.append(f'["back",{index}]')
        self.sent[index] -= 1

    def save_result(self, record: Mapping[str, Any]) -> None:
        """Append a result; the run never sends this prompt again."""
        self._results.append(to_line(record))
        self.done.add(record["index"])
        self.resent += self.sent.pop(record["index"], 0) > 1
        if time.monotonic() - self._synced > _SYNC_SECONDS:
            self.sync()

    def append_event(self, *event: object) -> None:
        """Append an event of an engine; it is on disk when this returns."""
        self._state.append(json.dumps(event, separators=(",", ":")))
        self._state.sync()

    def events(self) -> Iterator[list[Any]]:
        """Yield the events of engines, oldest first."""
        for line in self._state:
            if not line.startswith((_HEADER_START, _SENT, _UNSENT)):
                yield json.loads(line)

    def sync(self) -> None:
        """Flush both files to disk."""
        self._results.sync()
        self._state.sync()
        self._synced = time.monotonic()

    def close(self) -> None:
        """Flush, close and unlock both files."""
        for file in (getattr(self, "_results", None), self._state):
            if file is not None:
                file.close()

    def _load(self, header: Mapping[str, Any], retry_errors: bool, *, is_resumed: bool) -> None:
        """Read both files. Nothing is changed before both are known to belong to this run."""
        self._read_results(retry_errors)
        self._state.repair()
        self._results.repair()
        if is_resumed:
            self._read_sent()
        else:
            self._write_header(header)

    def _abandon(self, state: Path, *, is_new: bool) -> None:
        """Close both files; delete a state that this run created."""
        is_empty = self._state.size == 0
        self.close()
        if is_new and is_empty:
            state.unlink(missing_ok=True)

    def _read_header(self) -> dict[str, object] | None:
        """Parse the first line of the state; None if a run was killed while it wrote it."""
        first = next(iter(self._state), None)
        if first is None:
            partial = self._state.incomplete_line()
            is_empty = not self.out.exists() or not self.out.stat().st_size
            if is_empty and partial[: len(_HEADER_START)] == _HEADER_START[: len(partial)]:
                return None
        elif first.startswith(_HEADER_START):
            header: dict[str, object] = json.loads(first)
            return header
        raise ConfigurationError(
            f"{self._state.path} is not the state of a bulk run into {self.out} and was not "
            "changed. Choose another --out."
        )

    def _write_header(self, header: Mapping[str, object]) -> None:
        self._state.append(json.dumps({"llmaas-bulk": _FORMAT, **header}))
        self._state.sync()

    def _check_header(self, header: Mapping[str, object], saved: Mapping[str, object]) -> None:
        for name, value in header.items():
            if saved.get(name) != json.loads(json.dumps(value)):
                raise ConfigurationError(
                    f"{self.out} was started with another {name} ({saved.get(name)!r}). Use the "
                    "same, or choose another --out."
                )

    def _read_results(self, retry_errors: bool) -> None:
        """Count the results that are written. A power cut may have damaged the last line only.

        Raises ``ConfigurationError`` for a line that is not a result.
        """
        invalid = b""
        for line in self._results:
            if invalid:
                raise self._foreign_line(invalid)
            head = parse_head(line)
            if head is None:  # a power cut may have damaged the last line
                invalid = line
                continue
            self.progress.micro_eur += head.cost_micro_eur
            if (head.ok or not retry_errors) and head.index not in self.done:
                self.done.add(head.index)
                self.progress.count(ok=head.ok)
        for partial in (invalid, self._results.incomplete_line().strip(b"\0")):
            if partial[: len(RECORD_START)] != RECORD_START[: len(partial)]:
                raise self._foreign_line(partial)
        self.progress.before = self.progress.done

    def _foreign_line(self, line: bytes) -> ConfigurationError:
        return ConfigurationError(
            f"{self.out} contains a line that is not a result, and was not changed: {line[:80]!r}. "
            "Choose another --out."
        )

    def _read_sent(self) -> None:
        steps = {_SENT: 1, _UNSENT: -1}
        for line in self._state:
            step = steps.get(line[:7])
            index = int(line[8:-2]) if step else 0
            if step and index not in self.done:
                self.sent[index] = self.sent.get(index, 0) + step


def state_path(out: Path) -> Path:
    """Build the path of the state file of a run into ``out``."""
    return out.with_name(out.name + ".state")


def _open_locked(state: Path, out: Path) -> JSONLFile:
    try:
        return JSONLFile(state, exclusive=True)
    except BlockingIOError:
        raise ConfigurationError(
            f"another run is writing {out}. Wait for it, or choose another --out."
        ) from None


def read_header(out: Path) -> dict[str, Any]:
    """Parse the header that an earlier run into ``out`` wrote; empty if there is none."""
    state = state_path(out)
    try:
        if not stat.S_ISREG(state.lstat().st_mode):
            return {}
        with state.open("rb") as file:
            header = json.loads(file.readline(_MAX_HEADER_BYTES) or b"{}")
    except (OSError, ValueError):
        return {}
    return header if isinstance(header, dict) else {}
