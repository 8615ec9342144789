"""Picture of ``llmaas demo`` for the README: the output of a real run, as SVG.

``python -m tools.demo_picture`` runs the demo and writes ``docs/pictures/demo.svg``. The picture
keeps the first two answers and the table; one line says how many answers are left out.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from tests.helpers.repository import ROOT

PICTURE = ROOT / "docs/pictures/demo.svg"
COLUMNS, ANSWERS = 92, 2
COMMAND = [sys.executable, "-m", "llmaas_cli", "demo"]
ANSWER = re.compile(r"^[\w-]+ ─+$", re.MULTILINE)
"""Heading of a framework's answer."""

# Dark colors of cookbooks/palette.json. Only the fonts of the viewer: nothing is downloaded.
INK, PAGE = (230, 235, 241), (14, 19, 25)
NORMAL = [(43, 54, 66), (255, 123, 114), (123, 216, 143), (255, 164, 92)]
NORMAL += [(90, 162, 255), (210, 168, 255), (90, 162, 255), INK]
THEME = TerminalTheme(PAGE, INK, NORMAL)
FORMAT = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font: {char_height}px ui-monospace, SFMono-Regular, Menlo, Consolas, \
"DejaVu Sans Mono", monospace; line-height: {line_height}px }}
.{unique_id}-title {{ font: bold 18px system-ui, sans-serif }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def run_demo() -> Text:
    """Run the demo without a key and parse its colored output."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LLMAAS_")}
    env = {**kept, "FORCE_COLOR": "1", "COLUMNS": str(COLUMNS), "TERM": "xterm-256color"}
    done = subprocess.run(COMMAND, env=env, capture_output=True, text=True, check=True)
    return Text.from_ansi(re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:8080", done.stdout))


def shorten(output: Text) -> Text:
    """Leave out the answers after the first ones."""
    starts = [match.start() for match in ANSWER.finditer(output.plain)]
    table = output.plain.index("\nframework ") + 1
    left_out = len(starts) - ANSWERS
    note = Text(f"[... {left_out} more answers ...]\n\n", style="dim")
    return Text.assemble(output[: starts[ANSWERS]], note, output[table:])


def render(output: Text) -> str:
    """Render the output as a terminal window."""
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w"))  # noqa: SIM115
    console.print(Text("$ ./run llmaas demo", style="bold"))
    console.print(output, soft_wrap=False)
    return console.export_svg(
        title="llmaas demo", theme=THEME, code_format=FORMAT, unique_id="demo"
    )


if __name__ == "__main__":
    PICTURE.write_text(render(shorten(run_demo())))
