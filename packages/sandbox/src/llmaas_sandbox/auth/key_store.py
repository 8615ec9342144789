"""Store of API keys: creation, lookup, rotation and revocation."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, replace
from hashlib import blake2b
from math import inf
from typing import Any

from llmaas_sandbox.auth.deliveries import SuccessorSecrets
from llmaas_sandbox.auth.keys import Key
from llmaas_sandbox.clock import Clock
from llmaas_sandbox.limits.tiers import TIERS
from llmaas_sandbox.store import Store

GRACE_SECONDS = 24 * 3600.0
MAX_GRACE_SECONDS = 366 * 24 * 3600.0
PREFIX = "sk-"
_WRITTEN = "UPDATE keys_written SET times = times + 1"


class NotRotatableError(ValueError):
    """The key already has a successor, is revoked or has expired."""


class KeyStore:
    """Store of all keys. Holds only a keyed hash of each secret, so that a stolen file is useless.

    A slow hash would cost more than an answer; secrets are 256 random bits, so a fast keyed
    one leaves nothing to guess.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._pepper = store.secret("keys")
        store.create(
            "CREATE TABLE IF NOT EXISTS keys (id TEXT PRIMARY KEY, record TEXT NOT NULL)",
            "CREATE TABLE IF NOT EXISTS keys_written (one INTEGER PRIMARY KEY, times INTEGER)",
            "INSERT OR IGNORE INTO keys_written VALUES (1, 0)",
        )
        self._keys: dict[str, Key] = {}
        self._by_digest: dict[str, str] = {}
        self._deliveries = SuccessorSecrets(store, self._pepper)
        self.reload()

    def reload(self) -> None:
        """Reload the keys, which another process may have changed."""
        self._version, self._times = self._store.version(), self._written()
        keys = [_read(text) for (text,) in self._store.rows("SELECT record FROM keys")]
        self._keys = {key.id: key for key in keys}
        self._by_digest = {key.digest: key.id for key in keys}

    def make(
        self, tenant: str, label: str = "", secret: str | None = None, **settings: Any
    ) -> tuple[Key, str]:
        """Create a key; return it with its secret, which is not stored."""
        _check(tenant, settings)
        secret = secret or PREFIX + os.urandom(32).hex()
        key = Key(
            id=f"key-{os.urandom(6).hex()}",
            tenant=tenant,
            label=label,
            digest=self._digest(secret),
            ending=secret[-4:],
            created=self._clock.now(),
            **{**settings, "models": tuple(settings.get("models") or ())},
        )
        self._save(key)
        return key, secret

    def ensure(self, secret: str, tenant: str, tier: str) -> Key:
        """Return the key of a secret; create it if it does not exist."""
        known = self._by_digest.get(self._digest(secret))
        return self._keys[known] if known else self.make(tenant, "configured", secret, tier=tier)[0]

    def find(self, secret: str) -> Key | None:
        """Return the active key of a secret, or None."""
        self._refresh()
        key = self._keys.get(self._by_digest.get(self._digest(secret), ""))
        now = self._clock.now()
        if key is None or not key.works(now):
            return None
        if key.is_rotation_due(now):
            with suppress(NotRotatableError):  # another process was faster
                self.rotate(key.id, deliver=True)
            key = self._keys[key.id]
        return key

    def _refresh(self) -> None:
        """Reload the keys if another process has changed them."""
        if self._store.folder is None or (version := self._store.version()) == self._version:
            return
        self._version = version
        if self._written() != self._times:
            self.reload()

    def _written(self) -> int:
        return int(self._store.rows("SELECT times FROM keys_written", flush=False)[0][0])

    def get(self, key_id: str) -> Key | None:
        """Return a key by its id."""
        self._refresh()
        return self._keys.get(key_id)

    def list_keys(self, tenant: str | None = None) -> list[Key]:
        """Return the keys of one tenant, or of all, oldest first."""
        self._refresh()
        keys = sorted(self._keys.values(), key=lambda k: (k.created, k.id))
        return [k for k in keys if tenant is None or k.tenant == tenant]

    def revoke(self, key_id: str) -> Key:
        """Revoke a key immediately."""
        return self._save(replace(self._keys[key_id], revoked=self._clock.now()))

    def rotate(
        self, key_id: str, grace: float = GRACE_SECONDS, deliver: bool = False
    ) -> tuple[Key, str]:
        """Create a successor; the old key works until the grace period ends.

        With ``deliver`` the new secret waits to be collected once. Raise
        :class:`NotRotatableError` for a key that was rotated, revoked or has expired.
        """
        with self._store.transaction():  # another process may rotate it at the same time
            self._refresh()
            return self._rotated(self._keys[key_id], grace, deliver)

    def _rotated(self, old: Key, grace: float, deliver: bool) -> tuple[Key, str]:
        if not 0 <= grace <= MAX_GRACE_SECONDS:
            raise ValueError(f"grace must be 0 to {MAX_GRACE_SECONDS:.0f} seconds, got {grace}.")
        if not old.works(self._clock.now()):
            raise NotRotatableError(f"Key {old.id} does not work any more; make a new one.")
        if old.successor is not None:
            raise NotRotatableError(f"Key {old.id} was rotated already; use its successor.")
        kept = ("models", "tier", "hourly_tokens", "rotate_every")
        settings: dict[str, Any] = {name: getattr(old, name) for name in kept}
        new, secret = self.make(old.tenant, old.label, **settings)
        self._save(replace(old, expires=self._clock.now() + grace, successor=new.id))
        if deliver:
            self._deliveries.put(old.id, secret)
        return new, secret

    def rotate_due(self) -> list[str]:
        """Rotate every key that is due; return the ids of the replaced keys."""
        due = [k.id for k in self.list_keys() if k.is_rotation_due(self._clock.now())]
        for key_id in due:
            self.rotate(key_id, deliver=True)
        return due

    def collect_successor(self, key_id: str) -> tuple[Key, str] | None:
        """Return the successor of an automatically rotated key, once."""
        secret, old = self._deliveries.take(key_id), self.get(key_id)
        if secret is None or old is None or old.successor is None:
            return None
        return self._keys[old.successor], secret

    def keep_only(self, key_ids: Iterable[str]) -> None:
        """Delete all other keys."""
        kept = set(key_ids)
        dropped = set(self._keys) - kept
        self._deliveries.clear()
        if dropped:
            with self._store.transaction() as connection:
                connection.executemany("DELETE FROM keys WHERE id = ?", [(d,) for d in dropped])
                connection.execute(_WRITTEN)
            self.reload()

    def _digest(self, secret: str) -> str:
        data = secret.encode("utf-8", "surrogateescape")
        return blake2b(data, key=self._pepper, digest_size=32).hexdigest()

    def _save(self, key: Key) -> Key:
        with self._store.transaction() as connection:
            connection.execute("REPLACE INTO keys VALUES (?, ?)", (key.id, json.dumps(asdict(key))))
            connection.execute(_WRITTEN)
        self._keys[key.id] = key
        self._by_digest[key.digest] = key.id
        return key


def _check(tenant: str, settings: dict[str, Any]) -> None:
    """Raise ``ValueError`` for invalid settings of a key."""
    if not isinstance(tenant, str) or not tenant.strip() or len(tenant) > 100:
        raise ValueError(f"tenant must be a name of 1 to 100 characters, got {tenant!r}.")
    tier = settings.get("tier", "monthly")
    if tier not in TIERS:
        raise ValueError(f"tier must be one of {', '.join(TIERS)}, got {tier!r}.")
    hourly, every = settings.get("hourly_tokens"), settings.get("rotate_every")
    if hourly is not None and hourly < 0:
        raise ValueError(f"hourly_tokens must be >= 0, got {hourly}.")
    if every is not None and not 0 < every < inf:
        raise ValueError(f"rotate_every must be > 0 seconds, got {every}.")


def _read(text: str) -> Key:
    record = json.loads(text)
    return Key(**{**record, "models": tuple(record["models"])})
