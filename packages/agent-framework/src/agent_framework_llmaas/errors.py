"""Errors that belong to Agent Framework's hierarchy and to the core's.

Catch ``agent_framework.exceptions.ChatClientException`` or ``llmaas.LLMaaSError``, or a narrower
class of either. The classes are built when they are first used: the core's errors import
``openai``.
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
        # a 403 that does not say why: the filter of prompts and the key's rights both answer so
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
