from typing import Any

import pytest

from llmaas_sandbox.auth.keys import Key
from llmaas_sandbox.clock import Clock
from llmaas_sandbox.limits.counters import RedisCounters, StoredCounters, windows
from llmaas_sandbox.limits.meter import Meter
from llmaas_sandbox.limits.prices import calculate_cost
from llmaas_sandbox.store import Store
from llmaas_sandbox.usage import Usage
from tests.helpers.servers.redis import redis_url

__all__ = ["redis_url"]

CHAT = "/v1/chat/completions"
HELLO = [{"role": "user", "content": "Bonjour"}]
BODY = {"model": "gemma4:31b", "messages": HELLO}


def use(box: Any, key: str, tokens: int = 0, micro_eur: int = 0) -> None:
    """Let a key have used that much already."""
    found = box.state.keys.find(key)
    box.state.meter.add(found, tokens, micro_eur)


@pytest.mark.parametrize(
    ("tier", "hourly"), [("1", 150_000), ("2", 300_000), ("3", 450_000), ("4", 600_000)]
)
def test_a_tier_refuses_beyond_its_hourly_tokens(
    ask: Any, llmaas_sandbox: Any, tier: str, hourly: int
) -> None:
    key = llmaas_sandbox.make_key("acme", tier=tier)
    use(llmaas_sandbox, key, tokens=hourly - 1)
    assert ask(CHAT, BODY, key=key).status == 200
    refused = ask(CHAT, BODY, key=key)
    assert refused.status == 429
    assert refused.json["error"]["code"] == "rate_limit_exceeded"
    assert refused.json["error"]["type"] == "rate_limit_error"
    reset = int(refused.headers["x-ratelimit-reset-requests"])
    llmaas_sandbox.advance(reset - llmaas_sandbox.state.clock.now() + 1)
    assert ask(CHAT, BODY, key=key).status == 200


def test_a_day_and_a_month_end_too(ask: Any, llmaas_sandbox: Any) -> None:
    day, month = (llmaas_sandbox.make_key(t, tier="1") for t in ("day", "month"))
    use(llmaas_sandbox, day, tokens=3_600_000)
    use(llmaas_sandbox, month, micro_eur=1_000_000_000)
    llmaas_sandbox.advance(0)
    assert ask(CHAT, BODY, key=day).status == 429
    assert ask(CHAT, BODY, key=month).status == 429
    llmaas_sandbox.advance(24 * 3600)
    assert ask(CHAT, BODY, key=day).status == 200
    llmaas_sandbox.advance(31 * 24 * 3600)
    assert ask(CHAT, BODY, key=month).status == 200


def test_a_tier_is_shared_by_the_tenant_and_by_nobody_else(ask: Any, llmaas_sandbox: Any) -> None:
    one, two = (llmaas_sandbox.make_key("acme", tier="1") for _ in range(2))
    other = llmaas_sandbox.make_key("other", tier="1")
    use(llmaas_sandbox, one, tokens=150_000)
    assert [ask(CHAT, BODY, key=k).status for k in (one, two, other)] == [429, 429, 200]


def test_a_key_has_a_quota_of_its_own(ask: Any, llmaas_sandbox: Any) -> None:
    key, other = llmaas_sandbox.make_key("acme", hourly_tokens=5), llmaas_sandbox.make_key("acme")
    assert [ask(CHAT, BODY, key=key).status for _ in range(2)] == [200, 429]
    assert ask(CHAT, BODY, key=other).status == 200
    assert ask("/v1/models", key=key).status == 200


def test_the_documented_headers_count_requests(ask: Any) -> None:
    first, second = (ask(CHAT, BODY).headers for _ in range(2))
    assert first["x-ratelimit-limit-requests"] == "1000"
    left = [int(h["x-ratelimit-remaining-requests"]) for h in (first, second)]
    assert left == [999, 998]


def test_a_refused_request_costs_nothing(ask: Any, llmaas_sandbox: Any) -> None:
    key = llmaas_sandbox.make_key("acme", hourly_tokens=1000)
    ask(CHAT, {**BODY, "model": "nope"}, key=key)
    found = llmaas_sandbox.state.keys.find(key)
    assert [g.used for g in llmaas_sandbox.state.meter.read_limits(found)] == [0]


def test_prices_are_those_of_the_list() -> None:
    assert (
        calculate_cost(Usage(prompt=1_000_000, completion=1_000_000, reasoning=500_000))
        == 9_800_000
    )
    assert calculate_cost(Usage(prompt=1_000_000, completion=1_000_000), batch=True) == 4_900_000
    assert calculate_cost(Usage(prompt=123, documents=100_000)) == 400_000
    assert calculate_cost(Usage(seconds=61)) == 20_000


def test_windows_end_where_the_next_begins() -> None:
    new_year = 1_798_761_599.0  # 2026-12-31 23:59:59 UTC
    assert {end for _, end in windows(new_year).values()} == {new_year + 1}


def test_two_sandboxes_share_their_quotas_in_redis(redis_url: str) -> None:
    key = Key("key-1", "acme", "", "d", "x", 0.0, tier="1")
    meters = [Meter(RedisCounters(redis_url), Clock()) for _ in range(2)]
    meters[0].add(key, 100, 7)
    meters[1].add(key, 20, 3)
    assert [g.used for g in meters[0].read_limits(key)] == [120, 120, 10]
    meters[0].clear()
    assert [g.used for g in meters[1].read_limits(key)] == [0, 0, 0]
    for meter in meters:
        meter.counters.close()


def test_stored_counters_add_up() -> None:
    counters = StoredCounters(Store(None))
    counters.add({"a": 1, "b": 2})
    counters.add({"a": 3})
    assert counters.read(("a", "b", "c")) == (4, 2, 0)
