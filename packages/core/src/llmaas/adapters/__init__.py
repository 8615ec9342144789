"""Helpers that framework integrations share.

A stable interface, versioned with the core. Adapters import this package and public modules of
``llmaas``, never internal modules. Names are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmaas._lazy import import_at_first_use

if TYPE_CHECKING:
    from llmaas.adapters.answers import (
        created_at,
        split_tool_calls,
    )
    from llmaas.adapters.batches import (
        await_batch,
        keep_batch_ids,
        wait_for_batch,
    )
    from llmaas.adapters.clients import ClientPair, open_clients
    from llmaas.adapters.contexts import (
        follow_context,
    )
    from llmaas.adapters.error_bridge import (
        ErrorBridge,
        ErrorTable,
        bridge_errors,
    )
    from llmaas.adapters.files import (
        audio_file_name,
        decode_text,
        image_type,
        text_file_part,
    )
    from llmaas.adapters.options import (
        redact_options,
        redact_url,
        reject_unknown_arguments,
    )
    from llmaas.adapters.parallel import (
        amap_bounded,
        map_bounded,
    )
    from llmaas.adapters.requests import (
        ascii_name,
        may_concern_a_text,
        reject_multiple_choices,
    )
    from llmaas.adapters.reservations import TokenReservations, count_output_tokens
    from llmaas.adapters.schemas import (
        inline_definitions,
        mark_strict,
        output_type,
        strict_schema,
        wire_name,
    )
    from llmaas.adapters.structured import (
        invalid_output_error,
        is_cut,
        is_cut_short,
        is_json,
        json_part,
        mention_json,
        parse_response_format,
        wants_json,
    )
    from llmaas.adapters.text import (
        FenceStripper,
        strip_fence,
    )
    from llmaas.adapters.tls import tls_context
    from llmaas.adapters.verdicts import parse_guard_verdict

_MODULE_BY_NAME = {
    "created_at": "answers",
    "invalid_output_error": "structured",
    "is_cut_short": "structured",
    "is_json": "structured",
    "is_cut": "structured",
    "json_part": "structured",
    "mention_json": "structured",
    "parse_response_format": "structured",
    "wants_json": "structured",
    "parse_guard_verdict": "verdicts",
    "split_tool_calls": "answers",
    "await_batch": "batches",
    "keep_batch_ids": "batches",
    "wait_for_batch": "batches",
    "ClientPair": "clients",
    "open_clients": "clients",
    "tls_context": "tls",
    "follow_context": "contexts",
    "ErrorBridge": "error_bridge",
    "ErrorTable": "error_bridge",
    "bridge_errors": "error_bridge",
    "audio_file_name": "files",
    "decode_text": "files",
    "image_type": "files",
    "text_file_part": "files",
    "redact_options": "options",
    "redact_url": "options",
    "reject_unknown_arguments": "options",
    "amap_bounded": "parallel",
    "map_bounded": "parallel",
    "ascii_name": "requests",
    "may_concern_a_text": "requests",
    "reject_multiple_choices": "requests",
    "TokenReservations": "reservations",
    "count_output_tokens": "reservations",
    "inline_definitions": "schemas",
    "mark_strict": "schemas",
    "output_type": "schemas",
    "strict_schema": "schemas",
    "wire_name": "schemas",
    "FenceStripper": "text",
    "strip_fence": "text",
}

__all__ = [
    "ClientPair",
    "ErrorBridge",
    "ErrorTable",
    "FenceStripper",
    "TokenReservations",
    "amap_bounded",
    "ascii_name",
    "audio_file_name",
    "await_batch",
    "bridge_errors",
    "count_output_tokens",
    "created_at",
    "decode_text",
    "follow_context",
    "image_type",
    "inline_definitions",
    "invalid_output_error",
    "is_cut",
    "is_cut_short",
    "is_json",
    "json_part",
    "keep_batch_ids",
    "map_bounded",
    "mark_strict",
    "may_concern_a_text",
    "mention_json",
    "open_clients",
    "output_type",
    "parse_guard_verdict",
    "parse_response_format",
    "redact_options",
    "redact_url",
    "reject_multiple_choices",
    "reject_unknown_arguments",
    "split_tool_calls",
    "strict_schema",
    "strip_fence",
    "text_file_part",
    "tls_context",
    "wait_for_batch",
    "wants_json",
    "wire_name",
]


__getattr__ = import_at_first_use(globals(), _MODULE_BY_NAME)


def __dir__() -> list[str]:
    return sorted(__all__)
