"""A ledger in Redis, for processes on several machines (extra ``redis``)."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Sequence
from typing import Any

from llmaas._errors_base import LedgerError
from llmaas.quota import redis_address
from llmaas.quota.late_settlements import LATE
from llmaas.quota.ledger import BUCKETS, Denied, Limit, Reservation, decide
from llmaas.quota.redis_script import SCRIPT

_TIMEOUTS = {"socket_connect_timeout": 5.0, "socket_timeout": 5.0}
"""Seconds after which a server that hangs is an error; the URL may say others."""
PASSWORD_VARIABLE = "LLMAAS_REDIS_PASSWORD"  # noqa: S105 - the name of a variable
HOLD = 3_600.0
"""Seconds after which a reservation ends that nobody settled: its process was killed."""
_SHA = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()


class RedisLedger:
    """A ledger at ``url``, on the clock of Redis, so that machines need not agree on the time.

    ``redis://host:6379/0`` (``rediss`` for TLS; a node of a cluster is recognized), or
    ``redis+sentinel://host:26379,host:26379/service/0``. A URL without a password takes it from
    ``LLMAAS_REDIS_PASSWORD``; a pickle never holds one. A reservation that nobody settles ends
    after ``hold`` seconds: choose more than your longest call takes.

    Raises ``LedgerError`` when Redis cannot be asked. What is acknowledged is as durable as Redis
    is: ``appendonly yes`` keeps it over a restart.
    """

    def __init__(self, url: str, prefix: str = "llmaas", *, hold: float = HOLD) -> None:
        self.url, self._prefix, self._hold_seconds = url, prefix, hold
        self._redis: Any = redis_address.connect(url, os.environ.get(PASSWORD_VARIABLE), _TIMEOUTS)

    def __repr__(self) -> str:
        return f"RedisLedger({redis_address.without_password(self.url)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        url = redis_address.without_password(self.url)
        return (_rebuilt, (url, self._prefix, self._hold_seconds))

    def reserve(self, account: str, amount: int, limits: Sequence[Limit]) -> Reservation | Denied:
        """Reserve an amount if every limit allows it."""
        number = uuid.uuid4().hex
        try:
            now, parts, reserved, allowed = self._call("take", account, number, amount, limits)
        except Exception:  # it may have been reserved: then it is given back
            LATE.keep(self, Reservation(account, amount, 0.0, number), 0, limits)
            raise
        if allowed:
            return Reservation(account, amount, now, number)
        return decide(limits, amount, parts, now, reserved) or Denied(0.001, True)

    def settle(self, taken: Reservation, used: int, limits: Sequence[Limit]) -> None:
        """Put what was really used in the place of what was taken; once, if it is repeated."""
        self._call("settle", taken.account, taken.id, max(0, used), limits, taken.at)

    def used(self, account: str, limit: Limit) -> int:
        """Return what counts against a limit now."""
        _, parts, _, _ = self._call("used", account, "", 0, [limit])
        return sum(amount for _, amount in parts[0])

    def close(self) -> None:
        """Give the connections back."""
        redis_address.close(self._redis)

    def _call(
        self,
        action: str,
        account: str,
        number: str,
        amount: int,
        limits: Sequence[Limit],
        at: float = 0.0,
    ) -> tuple[float, list[list[tuple[int, int]]], list[int], bool]:
        arguments: list[Any] = [action, number, amount, self._hold_seconds, repr(at)]
        for limit in limits:
            arguments += [(limit.seconds or 0) / BUCKETS, limit.amount]
        keys = [key for limit in limits for key in self._keys(account, limit)]
        now, *found, allowed = self._ask(keys, arguments)
        parts = [[(int(k), int(v)) for k, v in zip(p[::2], p[1::2], strict=True)] for p in found]
        reserved = [held.pop()[1] for held in parts]
        return float(now), parts, reserved, bool(allowed)

    def _ask(self, keys: list[str], arguments: list[Any]) -> Any:
        import redis

        asked = self._redis
        try:
            try:
                return self._evaluate(keys, arguments)
            except redis.exceptions.MovedError:  # a node of a cluster
                self._join_cluster(asked)
                return self._evaluate(keys, arguments)
        except (redis.RedisError, OSError) as error:
            raise LedgerError(
                f"The ledger in Redis failed: {type(error).__name__}: {error}. Check that Redis "
                f"runs and that it may be reached from here; {PASSWORD_VARIABLE} holds a password."
            ) from error

    def _join_cluster(self, node: Any) -> None:
        """Ask the whole cluster from now on, unless another thread has found it meanwhile."""
        if self._redis is node:
            password = os.environ.get(PASSWORD_VARIABLE)
            self._redis = redis_address.cluster(self.url, password, _TIMEOUTS)
            node.connection_pool.disconnect(inuse_connections=False)

    def _evaluate(self, keys: list[str], arguments: list[Any]) -> Any:
        import redis

        try:
            return self._redis.evalsha(_SHA, len(keys), *keys, *arguments)
        except redis.exceptions.NoScriptError:
            return self._redis.eval(SCRIPT, len(keys), *keys, *arguments)

    def _key(self, account: str, limit: Limit) -> str:
        """Return the key of a window. The braces keep an account in one slot of a cluster."""
        name = f"{self._prefix}:{account}".replace("{", "(").replace("}", ")")
        return f"{{{name}}}:{limit.seconds or 'total'}"

    def _keys(self, account: str, limit: Limit) -> tuple[str, str, str]:
        key = self._key(account, limit)
        return key, f"{key}:open", f"{key}:ends"


def _rebuilt(url: str, prefix: str, hold: float) -> RedisLedger:
    return RedisLedger(url, prefix, hold=hold)
