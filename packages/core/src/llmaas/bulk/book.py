"""What is finished and what was sent: two files from which a killed run goes on.

``OUT`` holds results. ``OUT.state`` holds what was asked, written down before it is sent, so
that after a kill it is known what may have been billed without an answer.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from llmaas.bulk.lines import Lines
from llmaas.bulk.records import head_of, line_of
from llmaas.bulk.tally import Tally
from llmaas.errors import ConfigurationError

_FORMAT = 1
_SYNC_SECONDS = 1.0


class Marks:
    """A set of small numbers, one bit each."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, number: int) -> None:
        """Put a number in."""
        byte = number >> 3
        if byte >= len(self._bits):
            self._bits.extend(bytes(byte + 1024 - len(self._bits)))
        self._bits[byte] |= 1 << (number & 7)

    def __contains__(self, number: int) -> bool:
        byte = number >> 3
        return byte < len(self._bits) and bool(self._bits[byte] >> (number & 7) & 1)


class Book:
    """The two files of one run, locked against a second run."""

    def __init__(self, out: Path, head: dict[str, Any], *, retry_errors: bool = False) -> None:
        self.out, self.done, self.sent = out, Marks(), dict[int, int]()
        self.repeated = 0
        state = state_path(out)
        if out.exists() and out.stat().st_size and not state.exists():
            raise ConfigurationError(f"{out} exists and is no unfinished run: choose another --out")
        self._state = _alone(state, out)
        self._synced = time.monotonic()
        self.tally = Tally()
        try:
            self._results = Lines(out)
            self._open(head, retry_errors)
        except BaseException:
            self.close()
            raise

    def begin(self, index: int) -> int:
        """Write down that a prompt is about to be sent; return how often that makes."""
        self._state.add(f'["sent",{index}]')
        before = self.sent.get(index, 0)
        self.sent[index] = before + 1
        return before + 1

    def take_back(self, index: int) -> None:
        """Write down that nothing was sent after all: the call was refused here."""
        self._state.add(f'["back",{index}]')
        self.sent[index] -= 1

    def finish(self, record: dict[str, Any]) -> None:
        """Keep a result for good."""
        self._results.add(line_of(record))
        self.done.add(record["index"])
        self.repeated += self.sent.pop(record["index"], 0) > 1
        if time.monotonic() - self._synced > _SYNC_SECONDS:
            self.sync()

    def note(self, *entry: Any) -> None:
        """Write down what an engine must not forget; it is on the disk when this returns."""
        self._state.add(json.dumps(entry, separators=(",", ":")))
        self._state.sync()

    def notes(self) -> Iterator[list[Any]]:
        """Yield what engines wrote down, oldest first."""
        for line in self._state:
            if not line.startswith((b"{", b'["sent"', b'["back"')):
                yield json.loads(line)

    def sync(self) -> None:
        """Wait until the disk has everything."""
        self._results.sync()
        self._state.sync()
        self._synced = time.monotonic()

    def close(self) -> None:
        """Sync, close, unlock."""
        for lines in (getattr(self, "_results", None), self._state):
            if lines is not None:
                lines.close()

    def _open(self, head: dict[str, Any], retry_errors: bool) -> None:
        if self._state.size == 0:
            self._write_head(head)
        else:
            self._check(head)
            self._read_results(retry_errors)
            self._read_sent()

    def _write_head(self, head: dict[str, Any]) -> None:
        self._state.add(json.dumps({"llmaas-bulk": _FORMAT, **head}))
        self._state.sync()

    def _check(self, head: dict[str, Any]) -> None:
        begun = json.loads(next(iter(self._state)))
        for name, value in head.items():
            if begun.get(name) != json.loads(json.dumps(value)):
                raise ConfigurationError(
                    f"{self.out} was begun with another {name} ({begun.get(name)!r}): go on with "
                    "the same, or choose another --out"
                )

    def _read_results(self, retry_errors: bool) -> None:
        for line in self._results:
            head = head_of(line)
            if head is None:
                raise ConfigurationError(
                    f"{self.out} holds a line that is no result: {line[:80]!r}"
                )
            self.tally.micro_eur += head.cost_micro_eur
            if (head.ok or not retry_errors) and head.index not in self.done:
                self.done.add(head.index)
                self.tally.count(ok=head.ok)
        self.tally.before = self.tally.done

    def _read_sent(self) -> None:
        steps = {b'["sent"': 1, b'["back"': -1}
        for line in self._state:
            step = steps.get(line[:7])
            index = int(line[8:-2]) if step else 0
            if step and index not in self.done:
                self.sent[index] = self.sent.get(index, 0) + step


def state_path(out: Path) -> Path:
    """Return where the state of a run is kept."""
    return out.with_name(out.name + ".state")


def _alone(state: Path, out: Path) -> Lines:
    try:
        return Lines(state, alone=True)
    except BlockingIOError:
        raise ConfigurationError(f"another run is writing {out} right now") from None


def begun_with(out: Path) -> dict[str, Any]:
    """Return what an earlier run into ``out`` wrote first; empty when there was none."""
    try:
        with state_path(out).open("rb") as file:
            told: dict[str, Any] = json.loads(file.readline() or b"{}")
    except (OSError, ValueError):
        return {}
    return told
