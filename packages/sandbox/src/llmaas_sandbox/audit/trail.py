"""An append-only chain of encrypted records.

Each record is sealed with AES-256-GCM; its hash covers the hash before it, so that no record
can be changed, removed or moved without breaking the chain. The head is authenticated with a
key that is not in the file, so that cutting the tail off is noticed too.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from hmac import digest as hmac_digest
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from llmaas_sandbox.store import Store

_START = b"\0" * 32
_NONCE = 12


class TamperedError(Exception):
    """The trail is not as it was written."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a verification."""

    intact: bool
    records: int
    problem: str = ""


class Trail:
    """The trail of one store; several processes may write to the same one."""

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

    def append(self, record: Mapping[str, Any]) -> int:
        """Write one record; it is safe when this returns. Return its number."""
        plain = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
        nonce = os.urandom(_NONCE)
        with self._store.transaction() as connection:
            head = connection.execute("SELECT seq, hash FROM audit_head").fetchone()
            seq, before = (head[0] + 1, head[1]) if head else (1, _START)
            data = plain.encode("utf-8", "surrogatepass")
            sealed = self._cipher.encrypt(nonce, data, _bound(seq, before))
            link = _link(seq, before, nonce, sealed)
            connection.execute("INSERT INTO audit VALUES (?, ?, ?, ?)", (seq, nonce, sealed, link))
            head_row = (seq, link, self._mac(seq, link))
            connection.execute("REPLACE INTO audit_head VALUES (1, ?, ?, ?)", head_row)
        return int(seq)

    def records(self) -> Iterator[dict[str, Any]]:
        """Decrypt every record, oldest first; raise :class:`TamperedError` at the first bad one."""
        before, expected = _START, 1
        for seq, nonce, sealed, link in self._rows():
            if seq != expected:
                raise TamperedError(f"record {expected} is missing")
            if not compare_digest(link, _link(seq, before, nonce, sealed)):
                raise TamperedError(f"record {seq} does not follow record {seq - 1}")
            yield {"seq": seq, **json.loads(self._open(seq, before, nonce, sealed))}
            before, expected = link, expected + 1
        self._check_head(expected - 1, before)

    def verify(self) -> Verdict:
        """Read the whole trail and tell whether it is intact."""
        count = 0
        try:
            for _ in self.records():
                count += 1
        except TamperedError as problem:
            return Verdict(False, count, str(problem))
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
        except InvalidTag:
            raise TamperedError(f"record {seq} cannot be decrypted") from None

    def _check_head(self, seq: int, link: bytes) -> None:
        rows = self._store.rows("SELECT seq, hash, mac FROM audit_head")
        if not rows and seq == 0:
            return
        if not rows or rows[0][:2] != (seq, link):
            raise TamperedError("the end of the trail is missing")
        if not compare_digest(rows[0][2], self._mac(seq, link)):
            raise TamperedError("the head of the trail was not written by the sandbox")

    def _mac(self, seq: int, link: bytes) -> bytes:
        return hmac_digest(self._secret, b"head" + _bound(seq, link), "sha256")


def _bound(seq: int, before: bytes) -> bytes:
    return seq.to_bytes(8, "big") + before


def _link(seq: int, before: bytes, nonce: bytes, sealed: bytes) -> bytes:
    return sha256(_bound(seq, before) + nonce + sealed).digest()
