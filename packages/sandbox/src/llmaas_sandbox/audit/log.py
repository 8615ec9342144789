"""Append-only hash chain of encrypted records.

Each record is sealed with AES-256-GCM; its hash covers the hash before it, so that no record
can be changed, removed or moved without breaking the chain. The head is authenticated with a
key that is not in the file, so that cutting the tail off is noticed too. It is anchored in a
file of its own, so that an emptied table or an older copy of the database is noticed as well.

What cannot be seen: that somebody put older copies of the database and of the anchor back
together. Keep the anchor where others cannot write (``audit.head`` may be copied anywhere).
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from hmac import compare_digest
from hmac import digest as hmac_digest
from io import BytesIO
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from llmaas_sandbox.store import Store

_START = b"\0" * 32
_NONCE = 12
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class TamperedError(Exception):
    """The audit log differs from what was written."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Result of a verification."""

    intact: bool
    records: int
    problem: str = ""


class Anchor:
    """Head of the hash chain in a file beside the database; unused without a data folder."""

    def __init__(self, folder: Path | None) -> None:
        self._file = -1
        if folder is not None:
            self._file = os.open(
                folder / "audit.head", os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600
            )

    def write(self, seq: int, link: bytes, mac: bytes) -> None:
        """Name the last record. Another process may be ahead: then its name stays."""
        if self._file >= 0:
            _write_at_start(self._file, _bound(seq, link) + mac)

    def read(self) -> tuple[int, bytes, bytes]:
        """Return number, hash and MAC of the head; zero when none was written."""
        data = _read_at_start(self._file, 72) if self._file >= 0 else b""
        if data and len(data) != 72:
            raise TamperedError("the anchor is damaged")
        return int.from_bytes(data[:8], "big"), data[8:40], data[40:]

    def __del__(self) -> None:
        if self._file >= 0:
            os.close(self._file)


class AuditLog:
    """Audit log of one store; several processes may append to it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._secret = store.secret("audit")
        self._cipher = AESGCM(self._secret)
        store.create(
            "CREATE TABLE IF NOT EXISTS audit (seq INTEGER PRIMARY KEY, "
            "nonce BLOB NOT NULL, sealed BLOB NOT NULL, hash BLOB NOT NULL)",
            "CREATE TABLE IF NOT EXISTS audit_head (one INTEGER PRIMARY KEY, "
            "seq INTEGER NOT NULL, hash BLOB NOT NULL, mac BLOB NOT NULL)",
        )
        self._anchor = Anchor(store.folder)
        self._waiting: list[Mapping[str, Any]] = []
        self._last = 0
        self._nonces = BytesIO()
        store.on_flush(self._write)

    def append(self, record: Mapping[str, Any]) -> int:
        """Append one record durably; return its sequence number."""
        self.queue(record)
        self._store.flush()
        return self._last

    def queue(self, record: Mapping[str, object]) -> None:
        """Queue a record for the next transaction of the store."""
        with self._store.lock:
            self._waiting.append(record)
            self._store.queue()

    def _write(self, connection: sqlite3.Connection) -> None:
        """Write the queued records and the new head."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        head = connection.execute("SELECT seq, hash FROM audit_head").fetchone()
        if head and not (isinstance(head[0], int) and isinstance(head[1], bytes)):
            raise TamperedError("audit.head is malformed")
        seq, link = head or (0, _START)
        rows = []
        for record in waiting:
            seq, before = seq + 1, link
            nonce, sealed = self._seal(record, seq, before)
            link = _link(seq, before, nonce, sealed)
            rows.append((seq, nonce, sealed, link))
        connection.executemany("INSERT INTO audit VALUES (?, ?, ?, ?)", rows)
        head_row = (seq, link, self._mac(seq, link))
        connection.execute("REPLACE INTO audit_head VALUES (1, ?, ?, ?)", head_row)
        self._last = seq
        self._store.after_commit(partial(self._anchor.write, *head_row))

    def _seal(self, record: Mapping[str, object], seq: int, before: bytes) -> tuple[bytes, bytes]:
        nonce = self._nonces.read(_NONCE)
        if not nonce:  # one call to the system for many records
            self._nonces = BytesIO(os.urandom(_NONCE * 256))
            nonce = self._nonces.read(_NONCE)
        data = _encode(record).encode("utf-8", "surrogatepass")
        return nonce, self._cipher.encrypt(nonce, data, _bound(seq, before))

    def records(self) -> Iterator[dict[str, object]]:
        """Decrypt every record, oldest first; raise :class:`TamperedError` at the first bad one."""
        before, expected = _START, 1
        anchored, anchor_link = self._anchored()
        for seq, nonce, sealed, link in self._rows():
            if not all(isinstance(cell, bytes) for cell in (nonce, sealed, link)):
                raise TamperedError(f"record {seq} holds a foreign cell")
            if seq == anchored and not compare_digest(link, anchor_link):
                raise TamperedError(f"record {seq} is not the one that is anchored")
            if seq != expected:
                raise TamperedError(f"record {expected} is missing")
            if not compare_digest(link, _link(seq, before, nonce, sealed)):
                raise TamperedError(f"record {seq} does not follow record {seq - 1}")
            yield {"seq": seq, **json.loads(self._open(seq, before, nonce, sealed))}
            before, expected = link, expected + 1
        if anchored >= expected:
            raise TamperedError(f"records {expected} to {anchored} are missing")
        self._check_head(expected - 1, before)

    def _anchored(self) -> tuple[int, bytes]:
        """Return the head that the anchor names."""
        seq, link, mac = self._anchor.read()
        if seq and not compare_digest(mac, self._mac(seq, link)):
            raise TamperedError("the anchor was not written with this key")
        return seq, link

    def verify(self) -> Verdict:
        """Verify the whole chain."""
        count = 0
        try:
            for _ in self.records():
                count += 1
        except TamperedError as problem:
            return Verdict(False, count, str(problem))
        except (sqlite3.Error, ValueError, TypeError) as problem:
            return Verdict(False, count, f"the audit log cannot be read: {problem}")
        return Verdict(True, count)

    def _rows(self) -> Iterator[tuple[int, bytes, bytes, bytes]]:
        last, size = 0, 1000
        query = "SELECT seq, nonce, sealed, hash FROM audit WHERE seq > ? ORDER BY seq LIMIT ?"
        while rows := self._store.rows(query, (last, size)):
            yield from rows
            last = rows[-1][0]

    def _open(self, seq: int, before: bytes, nonce: bytes, sealed: bytes) -> bytes:
        try:
            return self._cipher.decrypt(nonce, sealed, _bound(seq, before))
        except (InvalidTag, ValueError):
            raise TamperedError(f"record {seq} cannot be decrypted") from None

    def _check_head(self, seq: int, link: bytes) -> None:
        rows = self._store.rows("SELECT seq, hash, mac FROM audit_head")
        if not rows and seq == 0:
            return
        if not rows or rows[0][:2] != (seq, link):
            raise TamperedError("the end of the audit log is missing")
        mac = rows[0][2]
        if not isinstance(mac, bytes) or not compare_digest(mac, self._mac(seq, link)):
            raise TamperedError("audit.head was not written by the sandbox")

    def _mac(self, seq: int, link: bytes) -> bytes:
        return hmac_digest(self._secret, b"head" + _bound(seq, link), "sha256")


def _bound(seq: int, before: bytes) -> bytes:
    return seq.to_bytes(8, "big") + before


def _link(seq: int, before: bytes, nonce: bytes, sealed: bytes) -> bytes:
    return sha256(_bound(seq, before) + nonce + sealed).digest()


def _write_at_start(file: int, data: bytes) -> None:
    if hasattr(os, "pwrite"):
        os.pwrite(file, data, 0)
    else:  # Windows
        os.lseek(file, 0, os.SEEK_SET)
        os.write(file, data)


def _read_at_start(file: int, size: int) -> bytes:
    if hasattr(os, "pread"):
        return os.pread(file, size, 0)
    os.lseek(file, 0, os.SEEK_SET)
    return os.read(file, size)
