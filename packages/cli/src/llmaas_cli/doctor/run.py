"""Checks in order. After a failure, checks that depend on it are skipped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from llmaas import catalog
from llmaas_cli.doctor import network, probe, service
from llmaas_cli.doctor.check import Check, Status, ok, skip, timed

if TYPE_CHECKING:
    from llmaas import LLMaaS
    from llmaas.settings import Settings


def examine(
    client: LLMaaS,
    key: str,
    models: Sequence[str],
    *,
    call: bool,
    timeout: float = network.TIMEOUT,
) -> Iterator[Check]:
    """Yield each check as it is made, each within ``timeout`` seconds.

    ``call`` also makes a small, billed call of the first model.
    """
    yield _setup(client.settings)
    malformed = service.key_format(key)
    if malformed:  # known without the network
        yield malformed
    reachable = True
    for check in _way(client.settings, timeout):
        yield check
        reachable = reachable and check.status is not Status.FAIL
    if not reachable:
        yield skip("service", "not asked: it cannot be reached")
        return
    if not malformed:
        yield from _service(client, models, call=call, timeout=timeout)


def _setup(settings: Settings) -> Check:
    from importlib.metadata import version
    from platform import python_version

    from llmaas import __version__

    versions = f"llmaas {__version__}, openai {version('openai')}, Python {python_version()}"
    return ok("setup", f"{settings.base_url} ({versions})")


def _way(settings: Settings, timeout: float) -> Iterator[Check]:
    """Yield the checks of the network, up to the first failure."""
    target = network.Target.of(settings)
    looks = (
        lambda: network.name_lookup(target, timeout),
        lambda: network.port(target, timeout),
        lambda: network.tls(target, settings, timeout),
    )
    for look in looks:
        check = timed(look)
        yield check
        if check.status is Status.FAIL:
            return


def _service(
    client: LLMaaS, models: Sequence[str], *, call: bool, timeout: float
) -> Iterator[Check]:
    try:
        answered = service.ask(client, timeout)
    except Exception as error:
        if not service.is_late(error):
            yield service.refused(error)
            return
        yield service.no_list(timeout)
    else:
        yield ok("key", f"accepted; {len(answered.models)} models may be used")
        yield service.clock(answered)
        yield service.latency(answered)
        catalog.update(answered.models)
    for name in models:
        yield service.access(name)
    if call:
        yield timed(lambda: probe.call(client, models[0], timeout))
