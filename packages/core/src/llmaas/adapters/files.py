"""Types and names of files, detected by their bytes."""

from __future__ import annotations

from llmaas.content_parts import image_type
from llmaas.text import decode as decode_text
from llmaas.wire.multipart import guess_file_name as audio_file_name

__all__ = ["audio_file_name", "decode_text", "image_type"]
