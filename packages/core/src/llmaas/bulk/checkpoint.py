"""What is finished and what was sent: two files from which a killed run goes on.

``OUT`` holds results. ``OUT.state`` holds what was asked, written down before it is sent, so
that after a kill it is known what may have been billed without an answer.
"""

from __future__ import annotations

import json
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from llmaas._errors_base import ConfigurationError
from llmaas.bulk.jsonl import JSONLFile
from llmaas.bulk.progress import Progress
from llmaas.bulk.records import RESULT, parse_head, to_line

_FORMAT = 1
_HEAD = b'{"llmaas-bulk": '
"""How every state begins."""
_LONGEST_HEAD = 10_000_000
_SYNC_SECONDS = 1.0


class BitSet:
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


class Checkpoint:
    """The two files of one run, locked against a second run."""

    def __init__(self, out: Path, head: dict[str, Any], *, retry_errors: bool = False) -> None:
        self.out, self.done, self.sent = out, BitSet(), dict[int, int]()
        self.resent = 0
        state = state_path(out)
        is_new = not state.exists() and not state.is_symlink()
        if is_new and out.exists() and (not out.is_file() or out.stat().st_size):
            raise ConfigurationError(f"{out} exists and is no unfinished run: choose another --out")
        self._state = _alone(state, out)
        self._synced = time.monotonic()
        self.progress = Progress()
        try:
            begun = self._begun()
            if begun is not None:
                self._check(head, begun)
            self._results = JSONLFile(out)
            self._open(head, retry_errors, is_begun=begun is not None)
        except BaseException:
            self._abandon(state, is_new=is_new)
            raise

    def begin(self, index: int) -> int:
        """Write down that a prompt is about to be sent; return how often that makes."""
        self._state.add(f'["sent",{index}]')
        before = self.sent.get(index, 0)
        self.sent[index] = before + 1
        return before + 1

    def unmark_sent(self, index: int) -> None:
        """Write down that nothing was sent after all: the call was refused here."""
        self._state.add(f'["back",{index}]')
        self.sent[index] -= 1

    def finish(self, record: dict[str, Any]) -> None:
        """Keep a result for good."""
        self._results.add(to_line(record))
        self.done.add(record["index"])
        self.resent += self.sent.pop(record["index"], 0) > 1
        if time.monotonic() - self._synced > _SYNC_SECONDS:
            self.sync()

    def note(self, *entry: Any) -> None:
        """Write down what an engine must not forget; it is on the disk when this returns."""
        self._state.add(json.dumps(entry, separators=(",", ":")))
        self._state.sync()

    def notes(self) -> Iterator[list[Any]]:
        """Yield what engines wrote down, oldest first."""
        for line in self._state:
            if not line.startswith((_HEAD, b'["sent"', b'["back"')):
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

    def _open(self, head: dict[str, Any], retry_errors: bool, *, is_begun: bool) -> None:
        """Read what is there; nothing is changed before all of it is known to be ours."""
        self._read_results(retry_errors)
        self._state.mend()
        self._results.mend()
        if is_begun:
            self._read_sent()
        else:
            self._write_head(head)

    def _abandon(self, state: Path, *, is_new: bool) -> None:
        """Close the files; leave no state behind that was not there before."""
        is_empty = self._state.size == 0
        self.close()
        if is_new and is_empty:
            state.unlink(missing_ok=True)

    def _begun(self) -> dict[str, Any] | None:
        """Return the head of the state; None where a run was killed before it was written."""
        first = next(iter(self._state), None)
        if first is None:
            torn = self._state.torn()
            is_empty = not self.out.exists() or not self.out.stat().st_size
            if is_empty and torn[: len(_HEAD)] == _HEAD[: len(torn)]:
                return None
        elif first.startswith(_HEAD):
            begun: dict[str, Any] = json.loads(first)
            return begun
        raise ConfigurationError(
            f"{self._state.path} is not the state of a bulk run into {self.out}, and was left as "
            "it is: choose another --out"
        )

    def _write_head(self, head: dict[str, Any]) -> None:
        self._state.add(json.dumps({"llmaas-bulk": _FORMAT, **head}))
        self._state.sync()

    def _check(self, head: dict[str, Any], begun: dict[str, Any]) -> None:
        for name, value in head.items():
            if begun.get(name) != json.loads(json.dumps(value)):
                raise ConfigurationError(
                    f"{self.out} was begun with another {name} ({begun.get(name)!r}): go on with "
                    "the same, or choose another --out"
                )

    def _read_results(self, retry_errors: bool) -> None:
        broken = b""
        for line in self._results:
            if broken:
                raise self._foreign(broken)
            head = parse_head(line)
            if head is None:  # the last may be broken by a power cut
                broken = line
                continue
            self.progress.micro_eur += head.cost_micro_eur
            if (head.ok or not retry_errors) and head.index not in self.done:
                self.done.add(head.index)
                self.progress.count(ok=head.ok)
        for torn in (broken, self._results.torn().strip(b"\0")):
            if torn[: len(RESULT)] != RESULT[: len(torn)]:
                raise self._foreign(torn)
        self.progress.before = self.progress.done

    def _foreign(self, line: bytes) -> ConfigurationError:
        return ConfigurationError(
            f"{self.out} holds a line that is no result, and was left as it is: {line[:80]!r}"
        )

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


def _alone(state: Path, out: Path) -> JSONLFile:
    try:
        return JSONLFile(state, alone=True)
    except BlockingIOError:
        raise ConfigurationError(f"another run is writing {out} right now") from None


def begun_with(out: Path) -> dict[str, Any]:
    """Return what an earlier run into ``out`` wrote first; empty when there was none."""
    state = state_path(out)
    try:
        if not stat.S_ISREG(state.lstat().st_mode):
            return {}
        with state.open("rb") as file:
            told = json.loads(file.readline(_LONGEST_HEAD) or b"{}")
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}
