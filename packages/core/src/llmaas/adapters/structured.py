"""Structured answers: requests, checks and errors."""

from llmaas.invalid_output import invalid_output_error, is_cut_short
from llmaas.structured import is_cut, json_part, mention_json, parse_response_format, wants_json
from llmaas.wire.json_codec import is_json

__all__ = [
    "invalid_output_error",
    "is_cut",
    "is_cut_short",
    "is_json",
    "json_part",
    "mention_json",
    "parse_response_format",
    "wants_json",
]
