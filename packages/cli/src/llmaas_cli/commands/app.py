"""Entry point of the command line: the table of commands and their common error handling."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from shutil import get_terminal_size
from typing import Annotated, Literal

import typer

from llmaas_cli import __version__
from llmaas_cli.commands import audio, bulk, cost_report, embed, images, sandbox
from llmaas_cli.commands.chat import command as chat
from llmaas_cli.commands.cost import command as cost
from llmaas_cli.commands.demo import command as demo
from llmaas_cli.commands.doctor import command as doctor
from llmaas_cli.commands.mcp import command as mcp
from llmaas_cli.commands.models import command as models
from llmaas_cli.commands.probe import command as probe
from llmaas_cli.terminal.failures import short_errors

_MIN_BOX_WIDTH = 60  # columns

app = typer.Typer(
    name="llmaas",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="LLMaaS, Cloud Temple's LLM service, from the command line.",
    epilog="The key is read from LLMAAS_API_KEY, the address from LLMAAS_BASE_URL. "
    "Exit codes: 0 success, 1 the service refused or some prompts failed, 2 invalid usage. "
    'Example: llmaas chat --sandbox "Say hello."',
)

COMMANDS: dict[str, tuple[Callable[..., None], str]] = {
    "demo": (demo, "llmaas demo --language fr --documents notes/"),
    "chat": (chat, 'git diff | llmaas chat "Review this change." -'),
    "models": (models, "llmaas models --vision --tools --sort energy"),
    "cost": (cost, "llmaas cost report.md --output 800 --calls 1000 --batch"),
    "doctor": (doctor, "llmaas doctor --model gemma4:31b --timeout 5"),
    "probe": (probe, "llmaas probe --only reasoning --models qwen3.6:27b"),
    "embed": (embed.embed, "llmaas embed notes/ --out vectors.jsonl"),
    "rerank": (embed.rerank, 'llmaas rerank "opening hours" notes/ --top 3'),
    "transcribe": (
        audio.transcribe,
        "llmaas transcribe meeting.mp3 --format srt --out meeting.srt",
    ),
    "speak": (audio.speak, 'llmaas speak "Good morning." --out morning.mp3'),
    "image": (images.image, 'llmaas image "a lighthouse at dusk" --out lighthouse.png'),
    "ocr": (images.ocr, "llmaas ocr scans/ --out scans.md"),
    "mcp": (mcp, "llmaas mcp --budget 1"),
    "cost-report": (cost_report.command, "llmaas cost report usage.jsonl --by day"),
}
"""Each command and an example of it."""

for name, (command, example) in COMMANDS.items():
    app.command(name, epilog=f"Example: {example}")(command)

app.add_typer(bulk.app, name="bulk")
app.command("sandbox", **sandbox.FORWARDED_OPTIONS)(sandbox.command)


def _print_version(is_requested: bool) -> None:
    if is_requested:
        typer.echo(f"llmaas {__version__}")
        raise typer.Exit


@app.callback()
def global_options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Parse the options that precede any command."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line. Every failure is one line on stderr and an exit code (1 or 2)."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:2] == ["cost", "report"]:  # any other word is a file to price
        words[:2] = ["cost-report"]
    with short_errors(as_json="--json" in words):
        app.rich_markup_mode = bulk.app.rich_markup_mode = _markup_mode()
        app(words)


def _markup_mode() -> Literal["rich"] | None:
    """Choose the layout of help texts: boxes need a wide terminal."""
    return "rich" if get_terminal_size().columns >= _MIN_BOX_WIDTH else None
