"""Secrets of rotated keys that wait to be collected."""

from __future__ import annotations

import os
from hashlib import blake2b

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from llmaas_sandbox.store import Store


class SuccessorSecrets:
    """Encrypted secrets by the id of the key that they replace; each is readable once."""

    def __init__(self, store: Store, pepper: bytes) -> None:
        self._store = store
        self._cipher = AESGCM(blake2b(b"deliveries", key=pepper, digest_size=32).digest())
        store.create("CREATE TABLE IF NOT EXISTS deliveries (id TEXT PRIMARY KEY, sealed BLOB)")

    def put(self, key_id: str, secret: str) -> None:
        """Store a secret."""
        nonce = os.urandom(12)
        sealed = nonce + self._cipher.encrypt(nonce, secret.encode(), key_id.encode())
        with self._store.transaction() as connection:
            connection.execute("REPLACE INTO deliveries VALUES (?, ?)", (key_id, sealed))

    def take(self, key_id: str) -> str | None:
        """Return a secret and delete it."""
        with self._store.transaction() as connection:
            query = "SELECT sealed FROM deliveries WHERE id = ?"
            found = connection.execute(query, (key_id,)).fetchone()
            connection.execute("DELETE FROM deliveries WHERE id = ?", (key_id,))
        if found is None:
            return None
        nonce, sealed = found[0][:12], found[0][12:]
        return self._cipher.decrypt(nonce, sealed, key_id.encode()).decode()

    def clear(self) -> None:
        """Clear everything."""
        with self._store.transaction() as connection:
            connection.execute("DELETE FROM deliveries")
