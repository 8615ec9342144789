"""A ledger in Redis, for processes on several machines (extra ``redis``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llmaas.quota.ledger import BUCKETS, Limit, Refused, Taken, decide

# The clock is Redis's own, so that machines need not agree on the time.
_TAKE = """
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local amount, allowed, answer = tonumber(ARGV[1]), 1, {tostring(now)}
for i = 1, #KEYS do
  local width, limit = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  local oldest = width > 0 and math.floor(now / width) - 60 or 0
  local parts, sum = redis.call('HGETALL', KEYS[i]), 0
  local kept = {}
  for j = 1, #parts, 2 do
    if tonumber(parts[j]) < oldest then
      redis.call('HDEL', KEYS[i], parts[j])
    else
      sum = sum + tonumber(parts[j + 1])
      table.insert(kept, parts[j]); table.insert(kept, parts[j + 1])
    end
  end
  if amount > 0 and sum + amount > limit then allowed = 0 end
  table.insert(answer, kept)
end
if allowed == 1 and amount ~= 0 then
  for i = 1, #KEYS do
    local width = tonumber(ARGV[2 * i])
    local bucket = width > 0 and math.floor(now / width) or 0
    redis.call('HINCRBY', KEYS[i], bucket, amount)
    if width > 0 then redis.call('EXPIRE', KEYS[i], math.ceil(width * 62)) end
  end
end
table.insert(answer, allowed)
return answer
"""


_PATIENCE = {"socket_connect_timeout": 10.0, "socket_timeout": 30.0}
"""Seconds after which a server that hangs is an error; the URL may say others."""


class RedisLedger:
    """A ledger at ``url`` (``redis://host:6379/0``)."""

    def __init__(self, url: str, prefix: str = "llmaas") -> None:
        try:
            import redis
        except ImportError as error:
            raise ImportError("RedisLedger needs redis: pip install 'llmaas[redis]'") from error
        self.url, self._prefix = url, prefix
        self._redis: Any = redis.Redis.from_url(url, **_PATIENCE)
        self._take = self._redis.register_script(_TAKE)

    def __reduce__(self) -> tuple[Any, ...]:
        return (RedisLedger, (self.url, self._prefix))

    def take(self, account: str, amount: int, limits: Sequence[Limit]) -> Taken | Refused:
        """Take an amount if every limit allows it."""
        now, parts, allowed = self._call(account, amount, limits)
        if allowed:
            return Taken(account, amount, now)
        return decide(limits, amount, parts, now) or Refused(0.001)

    def settle(self, taken: Taken, used: int, limits: Sequence[Limit]) -> None:
        """Put what was really used in the place of what was taken."""
        with self._redis.pipeline(transaction=True) as pipeline:
            for limit in limits:
                key = self._key(taken.account, limit)
                pipeline.hincrby(key, str(limit.bucket(taken.at)), used - taken.amount)
                if limit.seconds is not None:
                    pipeline.expire(key, int(limit.seconds * 62 / BUCKETS) + 1)
            pipeline.execute()

    def used(self, account: str, limit: Limit) -> int:
        """Return what counts against a limit now."""
        _, parts, _ = self._call(account, 0, [limit])
        return sum(amount for _, amount in parts[0])

    def close(self) -> None:
        """Give the connections back."""
        self._redis.close()

    def _call(
        self, account: str, amount: int, limits: Sequence[Limit]
    ) -> tuple[float, list[list[tuple[int, int]]], bool]:
        arguments: list[Any] = [amount]
        for limit in limits:
            arguments += [(limit.seconds or 0) / BUCKETS, limit.amount]
        keys = [self._key(account, limit) for limit in limits]
        now, *kept, allowed = self._take(keys=keys, args=arguments)
        parts = [[(int(k), int(v)) for k, v in zip(p[::2], p[1::2], strict=True)] for p in kept]
        return float(now), parts, bool(allowed)

    def _key(self, account: str, limit: Limit) -> str:
        return f"{self._prefix}:{account}:{limit.seconds or 'total'}"
