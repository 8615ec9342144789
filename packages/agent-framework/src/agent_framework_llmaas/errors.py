"""Errors in both exception hierarchies: Agent Framework's and the core's.

Catch ``agent_framework.exceptions.ChatClientException``, ``llmaas.LLMaaSError`` or a subclass of
either. The classes are created on first use, because the core's errors import ``openai``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmaas.adapters import bridge_errors

if TYPE_CHECKING:
    from llmaas.adapters import ErrorTable


def _table() -> ErrorTable:
    from agent_framework import exceptions as af

    from llmaas import errors as core

    return {
        core.LLMaaSError: af.ChatClientException,
        core.ConfigurationError: af.ChatClientInvalidRequestException,
        core.MissingAPIKeyError: (af.ChatClientInvalidAuthException, af.SettingNotFoundError),
        core.AuthenticationError: af.ChatClientInvalidAuthException,
        # both the prompt filter and missing permissions return an unspecified 403
        core.PermissionDeniedError: (
            af.ChatClientContentFilterException,
            af.ChatClientInvalidAuthException,
        ),
        core.PromptBlockedError: af.ChatClientContentFilterException,
        core.BadRequestError: af.ChatClientInvalidRequestException,
        core.NotFoundError: af.ChatClientInvalidRequestException,
        core.PayloadTooLargeError: af.ChatClientInvalidRequestException,
        core.UnprocessableEntityError: af.ChatClientInvalidRequestException,
        core.InvalidResponseError: af.ChatClientInvalidResponseException,
        core.StructuredOutputError: af.ChatClientInvalidResponseException,
    }


translate_errors = bridge_errors(_table, module=__name__)
__getattr__ = translate_errors.find_class
