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
from llmaas_cli.terminal.failures import failures_in_one_line

_BOXES = 60  # columns

app = typer.Typer(
    name="llmaas",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="LLMaaS, Cloud Temple's LLM service, from the command line.",
    epilog="The key is read from LLMAAS_API_KEY, the address from LLMAAS_BASE_URL. "
    "Exit codes: 0 success, 1 the service refused or some prompts failed, 2 you can correct it. "
    'Example: llmaas chat --sandbox "Say hello."',
)

COMMANDS: dict[str, tuple[Callable[..., None], str]] = {
    "demo": (demo, "llmaas demo --language fr --documents notes/"),
    "chat": (chat, 'git diff | llmaas chat "Review this change." -'),
    "models": (models, "llmaas models --vision --tools --sort energy"),
    "cost": (cost, "llmaas cost report.md --output 800 --calls 1000 --batch"),
    "doctor": (doctor, "llmaas doctor --model gemma4:31b --timeout 5"),
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
app.command("sandbox", **sandbox.PASSED_ON)(sandbox.command)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"llmaas {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Say which.")
    ] = False,
) -> None:
    """Take the options that stand before any command."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; every failure is one line and an exit code (1 or 2)."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:2] == ["cost", "report"]:  # as people say it; any other word is a file to price
        given[:2] = ["cost-report"]
    with failures_in_one_line(as_json="--json" in given):
        app.rich_markup_mode = bulk.app.rich_markup_mode = _markup()
        app(given)


def _markup() -> Literal["rich"] | None:
    """Return how help is laid out: boxes need room."""
    return "rich" if get_terminal_size().columns >= _BOXES else None
