"""Theme with the colors of all apps and the system's fonts, so that no font is loaded."""

from __future__ import annotations

from typing import Any

import gradio as gr

COLORS = {  # light and dark, as in ../palette.json
    "page": ("#f3f5f8", "#0e1319"),
    "card": ("#ffffff", "#161d25"),
    "ink": ("#16202c", "#e6ebf1"),
    "dim": ("#566474", "#93a1b0"),
    "line": ("#dde3ea", "#2b3642"),
    "accent": ("#1769d2", "#5aa2ff"),
    "on-accent": ("#ffffff", "#0e1319"),
}
ROLES = {
    "body_background_fill": "page",
    "body_text_color": "ink",
    "body_text_color_subdued": "dim",
    "background_fill_primary": "card",
    "background_fill_secondary": "page",
    "block_background_fill": "card",
    "block_label_background_fill": "card",
    "block_label_text_color": "dim",
    "block_title_text_color": "ink",
    "border_color_primary": "line",
    "border_color_accent": "accent",
    "block_border_color": "line",
    "input_background_fill": "card",
    "input_border_color": "line",
    "button_primary_background_fill": "accent",
    "button_primary_background_fill_hover": "accent",
    "button_primary_text_color": "on-accent",
    "button_secondary_background_fill": "card",
    "button_secondary_text_color": "ink",
    "link_text_color": "accent",
}
"""Variables of Gradio's theme, each with its role in the palette."""


def build_theme() -> gr.themes.Base:
    """Build the theme for light and dark mode."""
    values: dict[str, Any] = {name: COLORS[role][0] for name, role in ROLES.items()}
    values |= {f"{name}_dark": COLORS[role][1] for name, role in ROLES.items()}
    theme = gr.themes.Soft(
        primary_hue="blue",
        radius_size="md",
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )
    return theme.set(**values)


THEME = build_theme()
