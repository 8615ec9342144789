"""Ledger in Redis, shared by processes on several machines (extra ``redis``)."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Sequence
from typing import Any

from llmaas._errors_base import LedgerError
from llmaas.quota import redis_address
from llmaas.quota.late_settlements import LATE_SETTLEMENTS
from llmaas.quota.ledger import BUCKETS, Denied, Limit, Reservation, check_limits
from llmaas.quota.redis_script import SCRIPT

_TIMEOUTS = {"socket_connect_timeout": 5.0, "socket_timeout": 5.0}
"""Seconds until a server that hangs is an error. Parameters of the URL take precedence."""
PASSWORD_VARIABLE = "LLMAAS_REDIS_PASSWORD"  # noqa: S105 - the name of a variable
HOLD = 3_600.0
"""Seconds after which an unsettled reservation ends: its process was killed."""
_SHA = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()


class RedisLedger:
    """Ledger at ``url``, on the clock of Redis, so that clocks of machines may differ.

    ``redis://host:6379/0`` (``rediss`` for TLS; a node of a cluster is recognized), or
    ``redis+sentinel://host:26379,host:26379/service/0``. A URL without a password takes it from
    ``LLMAAS_REDIS_PASSWORD``; a pickle never contains one. An unsettled reservation ends after
    ``hold`` seconds: pass more than your longest call takes.

    Raises ``LedgerError`` when Redis cannot be reached. Reservations survive a restart of Redis
    only with ``appendonly yes``.
    """

    def __init__(self, url: str, prefix: str = "llmaas", *, hold: float = HOLD) -> None:
        self.url, self._prefix, self._hold_seconds = url, prefix, hold
        self._redis: Any = redis_address.connect(url, os.environ.get(PASSWORD_VARIABLE), _TIMEOUTS)

    def __repr__(self) -> str:
        return f"RedisLedger({redis_address.remove_password(self.url)!r})"

    def __reduce__(self) -> tuple[object, ...]:
        url = redis_address.remove_password(self.url)
        return (_restore, (url, self._prefix, self._hold_seconds))

    def reserve(self, account: str, amount: int, limits: Sequence[Limit]) -> Reservation | Denied:
        """Reserve an amount if every limit allows it."""
        number = uuid.uuid4().hex
        try:
            now, used, reserved, allowed = self._call("reserve", account, number, amount, limits)
        except Exception:  # it may have been reserved: release it
            LATE_SETTLEMENTS.enqueue(self, Reservation(account, amount, 0.0, number), 0, limits)
            raise
        if allowed:
            return Reservation(account, amount, now, number)
        return check_limits(limits, amount, used, now, reserved) or Denied(0.001, True)

    def settle(self, reservation: Reservation, used: int, limits: Sequence[Limit]) -> None:
        """Replace a reservation by the amount used. A repeated settlement counts once."""
        self._call(
            "settle", reservation.account, reservation.id, max(0, used), limits, reservation.at
        )

    def used(self, account: str, limit: Limit) -> int:
        """Return the amount that counts against a limit now."""
        _, used, _, _ = self._call("used", account, "", 0, [limit])
        return sum(amount for _, amount in used[0])

    def close(self) -> None:
        """Close the connections."""
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
        """Run an action of the script.

        Returns the time of the server in seconds, the buckets of each limit as (number, amount),
        what is reserved of each, and whether the action is allowed.
        """
        arguments: list[Any] = [action, number, amount, self._hold_seconds, repr(at)]
        for limit in limits:
            arguments += [(limit.seconds or 0) / BUCKETS, limit.amount]
        keys = [key for limit in limits for key in self._keys(account, limit)]
        now, *windows, allowed = self._evaluate(keys, arguments)
        used = [[(int(k), int(v)) for k, v in zip(p[::2], p[1::2], strict=True)] for p in windows]
        reserved = [window.pop()[1] for window in used]
        return float(now), used, reserved, bool(allowed)

    def _evaluate(self, keys: list[str], arguments: list[Any]) -> Any:
        """Run the script; where the server answers ``MOVED``, join its cluster and run it again.

        Raises ``LedgerError`` if Redis fails.
        """
        import redis

        client = self._redis
        try:
            try:
                return self._run_script(keys, arguments)
            except redis.ResponseError as error:
                if not _is_moved(error):
                    raise
                self._join_cluster(client)
                return self._run_script(keys, arguments)
        except (redis.RedisError, OSError) as error:
            raise LedgerError(
                f"The ledger in Redis failed: {type(error).__name__}: {error}. Check that Redis "
                f"runs and can be reached, and that {PASSWORD_VARIABLE} holds its password."
            ) from error

    def _join_cluster(self, node: Any) -> None:
        """Replace the client of a node by one of its cluster, unless another thread already has."""
        if self._redis is node:
            password = os.environ.get(PASSWORD_VARIABLE)
            self._redis = redis_address.connect_cluster(self.url, password, _TIMEOUTS)
            node.connection_pool.disconnect(inuse_connections=False)

    def _run_script(self, keys: list[str], arguments: list[Any]) -> object:
        import redis

        try:
            return self._redis.evalsha(_SHA, len(keys), *keys, *arguments)
        except redis.exceptions.NoScriptError:
            return self._redis.eval(SCRIPT, len(keys), *keys, *arguments)

    def _key(self, account: str, limit: Limit) -> str:
        """Build the key of a window. The braces keep an account in one slot of a cluster."""
        name = f"{self._prefix}:{account}".replace("{", "(").replace("}", ")")
        return f"{{{name}}}:{limit.seconds or 'total'}"

    def _keys(self, account: str, limit: Limit) -> tuple[str, str, str]:
        key = self._key(account, limit)
        return key, f"{key}:open", f"{key}:ends"


def _restore(url: str, prefix: str, hold: float) -> RedisLedger:
    return RedisLedger(url, prefix, hold=hold)


def _is_moved(error: Exception) -> bool:
    """Whether a node of a cluster names another one; before redis 6 the error had no class."""
    return type(error).__name__ == "MovedError" or str(error).startswith("MOVED ")
