"""Redis clients from URLs of servers, clusters and sentinels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from llmaas._errors_base import ConfigurationError

_SENTINEL = "redis+sentinel"
_FORMS = "redis://host:6379/0, rediss://host:6379/0 or redis+sentinel://host:26379/service/0"


def connect(url: str, password: str | None, options: Mapping[str, Any]) -> Any:
    """Create a client for a URL; nothing is sent yet."""
    redis = _import_redis()
    extra = _options(redis, url, password, options)
    if urlsplit(url).scheme == _SENTINEL:
        return _from_sentinel(url, extra)
    try:
        return redis.Redis.from_url(url, **extra)
    except ValueError as error:
        raise _invalid_url(url, str(error)) from None


def connect_cluster(url: str, password: str | None, options: Mapping[str, Any]) -> Any:
    """Create a client for the cluster that a node belongs to."""
    redis = _import_redis()
    extra = _options(redis, url, password, options)
    extra.pop("retry", None)  # the cluster's client retries on other nodes by itself
    return redis.RedisCluster.from_url(url, **extra)


def close(client: Any) -> None:
    """Close every connection of a client: to its server, its sentinels, the nodes of a cluster.

    redis-py leaves the pools of cluster nodes and the connections to sentinels open.
    """
    nodes = client.get_nodes() if hasattr(client, "get_nodes") else ()
    pools = [node.redis_connection.connection_pool for node in nodes if node.redis_connection]
    manager = getattr(getattr(client, "connection_pool", None), "sentinel_manager", None)
    for each in (client, *getattr(manager, "sentinels", ())):
        each.close()
    for pool in pools:
        pool.disconnect()


def remove_password(url: str) -> str:
    """Remove the password from a URL, so that it can be shown and stored."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    name = user.partition(":")[0]
    query = [pair for pair in parse_qsl(parts.query) if pair[0] != "password"]
    netloc = f"{name}@{host}" if at and name else host
    return urlunsplit(parts._replace(netloc=netloc, query=urlencode(query)))


def _options(
    redis: Any, url: str, password: str | None, options: Mapping[str, object]
) -> dict[str, Any]:
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    # One retry, for a connection that was closed while it was idle.
    extra = {**options, "retry": Retry(NoBackoff(), 1)}
    if password and remove_password(url) == url:
        extra["password"] = password
    return extra


def _from_sentinel(url: str, options: dict[str, Any]) -> Any:
    """Connect to the master that sentinels name: ``redis+sentinel://host:port,.../service/db``."""
    from redis import sentinel

    parts = urlsplit(url)
    user, _, hosts = parts.netloc.rpartition("@")
    name, _, secret = user.partition(":")
    service, _, number = parts.path.strip("/").partition("/")
    if not service or not hosts:
        raise _invalid_url(url, "the service name is missing")
    pairs = [
        host.rpartition(":") if ":" in host else (host, "", "26379") for host in hosts.split(",")
    ]
    login = {"username": unquote(name) or None, "password": unquote(secret) or None}
    merged = {**{key: value for key, value in login.items() if value}, **options}
    timeouts = {key: value for key, value in options.items() if key.startswith("socket")}
    try:
        addresses = [(host, int(port)) for host, _, port in pairs]
        sentinels: Any = sentinel.Sentinel
        return sentinels(addresses, sentinel_kwargs=timeouts).master_for(
            service, db=int(number or 0), **merged
        )
    except ValueError as error:
        raise _invalid_url(url, str(error)) from None


def _invalid_url(url: str, reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"url must have the form {_FORMS}, got {remove_password(url)!r}: {reason}."
    )


def _import_redis() -> Any:
    try:
        import redis
        import redis.exceptions
    except ImportError as error:
        raise ImportError("RedisLedger needs redis: pip install 'llmaas[redis]'") from error
    return redis
