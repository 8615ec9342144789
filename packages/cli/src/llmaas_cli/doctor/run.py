"""Sequence of checks. After a failure, checks that depend on it are skipped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from llmaas import catalog
from llmaas_cli.doctor import network, probe, service
from llmaas_cli.doctor.check import Check, Status, ok, run_timed, skip

if TYPE_CHECKING:
    from llmaas import LLMaaS
    from llmaas.settings import Settings


def run_checks(
    client: LLMaaS,
    key: str | None,
    models: Sequence[str],
    *,
    call: bool,
    timeout: float = network.TIMEOUT,
) -> Iterator[Check]:
    """Run the checks in order, each within ``timeout`` seconds.

    ``key`` is None for an address that may need none.
    With ``call``, also makes a small, billed call of the first model.
    """
    yield _check_setup(client.settings)
    malformed = None if key is None else service.check_key_format(key)
    if malformed:  # found without a connection
        yield malformed
    reachable = True
    for check in _network_checks(client.settings, timeout):
        yield check
        reachable = reachable and check.status is not Status.FAIL
    if not reachable:
        yield skip("service", "not checked: it cannot be reached")
        return
    if not malformed:
        has_key = key is not None
        yield from _service_checks(client, models, has_key=has_key, call=call, timeout=timeout)


def _check_setup(settings: Settings) -> Check:
    from importlib.metadata import version
    from platform import python_version

    from llmaas import __version__

    versions = f"llmaas {__version__}, openai {version('openai')}, Python {python_version()}"
    return ok("setup", f"{settings.base_url} ({versions})")


def _network_checks(settings: Settings, timeout: float) -> Iterator[Check]:
    """Run the network checks, up to the first failure."""
    target = network.Target.from_settings(settings)
    checks = (
        lambda: network.check_name(target, timeout),
        lambda: network.check_port(target, timeout),
        lambda: network.check_tls(target, settings, timeout),
    )
    for run in checks:
        check = run_timed(run)
        yield check
        if check.status is Status.FAIL:
            return


def _service_checks(
    client: LLMaaS, models: Sequence[str], *, has_key: bool, call: bool, timeout: float
) -> Iterator[Check]:
    """Yield the checks that need the service; without its list of models, only that failure."""
    try:
        response = service.request_models(client, timeout)
    except Exception as error:
        if not service.is_timeout(error):
            yield service.list_failed(error, has_key=has_key)
            return
        yield service.list_timed_out(timeout)
    else:
        state = "accepted" if has_key else "none is set, and none is required"
        yield ok("key", f"{state}; {len(response.models)} models available")
        yield service.check_clock(response)
        yield service.check_latency(response)
        catalog.update(response.models)
    for name in models:
        yield service.check_model(name)
    if call:
        yield run_timed(lambda: probe.check_answer(client, models[0], timeout))
