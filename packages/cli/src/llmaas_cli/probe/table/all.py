"""Table of all probes."""

from __future__ import annotations

from collections.abc import Iterable

from llmaas_cli.probe.model import Probe
from llmaas_cli.probe.table import (
    answers,
    connection,
    conversations,
    embeddings,
    errors,
    formats,
    jobs,
    media,
    models,
    parameters,
    reasoning,
    rerank,
    streams,
    tools,
    usage,
    windows,
)

PROBES: tuple[Probe, ...] = (
    *models.PROBES,
    *connection.PROBES,
    *errors.PROBES,
    *windows.PROBES,
    *answers.PROBES,
    *usage.PROBES,
    *streams.PROBES,
    *parameters.PROBES,
    *conversations.PROBES,
    *tools.PROBES,
    *formats.PROBES,
    *reasoning.PROBES,
    *embeddings.PROBES,
    *rerank.PROBES,
    *jobs.PROBES,
    *media.PROBES,
)
"""Every probe, in the order of a run: windows are measured before requests that need them."""
BY_ID = {probe.id: probe for probe in PROBES}


def select(words: Iterable[str]) -> list[Probe]:
    """Select probes by id or section; a word matches their beginnings. All without words."""
    requested = tuple(words)
    if not requested:
        return list(PROBES)
    return [each for each in PROBES if each.id.startswith(requested) or each.section in requested]
