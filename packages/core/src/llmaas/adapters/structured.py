"""Checks and errors of structured answers."""

from llmaas.invalid_output import invalid_output_error, is_cut_short
from llmaas.wire.json_codec import is_json

__all__ = ["invalid_output_error", "is_cut_short", "is_json"]
