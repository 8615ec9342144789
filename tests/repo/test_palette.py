"""One palette for the pages of the apps and of the sandbox: ``cookbooks/palette.json``."""

import json
import re
import tomllib

import pytest

from tests.helpers.repository import ROOT

PALETTE = json.loads((ROOT / "cookbooks/palette.json").read_text())
PAGES = {
    "fastapi": ROOT / "cookbooks/fastapi/page/page.css",
    "console": ROOT / "packages/sandbox/src/llmaas_sandbox/console/page.html",
}
COLOR = r"#[0-9a-f]{6}"


def contrast(first, second):
    """Compute the contrast ratio of two colors (WCAG 2)."""
    dark, light = sorted(map(luminance, (first, second)))
    return (light + 0.05) / (dark + 0.05)


def luminance(color):
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("mode", PALETTE)
@pytest.mark.parametrize("text", ["ink", "dim", "accent", "second", "bad", "good"])
def test_text_is_readable_on_every_background(mode, text):
    colors = PALETTE[mode]
    assert all(contrast(colors[text], colors[back]) >= 4.5 for back in ("page", "card"))
    assert contrast(colors["on-accent"], colors["accent"]) >= 4.5


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_page_uses_the_palette(page):
    text = page.read_text()
    light, dark = text.split("@media (prefers-color-scheme: dark)", 1)
    for mode, part in (("light", light), ("dark", dark)):
        declared = dict(re.findall(rf"--([\w-]+): ({COLOR});", part))
        assert declared
        assert declared.items() <= PALETTE[mode].items()
    rest = re.sub(rf"--[\w-]+: {COLOR};", "", text)
    assert not re.findall(rf"{COLOR}\b", rest), "use var(--...)"


def test_streamlit_theme_uses_the_palette():
    theme = tomllib.loads((ROOT / "cookbooks/streamlit/.streamlit/config.toml").read_text())[
        "theme"
    ]
    names = {
        "primaryColor": "accent",
        "backgroundColor": "page",
        "secondaryBackgroundColor": "card",
        "textColor": "ink",
        "linkColor": "accent",
        "borderColor": "line",
    }
    for mode, colors in PALETTE.items():
        assert theme[mode] == {name: colors[role] for name, role in names.items()}


def test_gradio_theme_uses_the_palette():
    text = (ROOT / "cookbooks/gradio/look.py").read_text()
    pairs = re.findall(rf'"([\w-]+)": \("({COLOR})", "({COLOR})"\)', text)
    assert pairs
    for role, light, dark in pairs:
        assert (PALETTE["light"][role], PALETTE["dark"][role]) == (light, dark)
