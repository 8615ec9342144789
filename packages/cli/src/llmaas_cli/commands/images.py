"""``llmaas image`` and ``llmaas ocr``: image generation, and text recognition of files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmaas_cli.commands.options import AsJson, BaseUrl, Force, InSandbox, Out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llmaas import LLMaaS
    from llmaas.documents import DocumentLimits
    from llmaas.types import Completion
    from llmaas_cli.commands.results import Results

PROMPTS = {
    "markdown": "Convert the document to markdown.",
    "figure": "Parse the figure.",
    "text": "Free OCR.",
}
"""The prompts that deepseek-ocr was trained on."""


def image(
    prompt: Annotated[list[str] | None, typer.Argument(help="What to draw; '-' is stdin.")] = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="The image file; more get a number.")
    ] = Path("image.png"),
    model: Annotated[str, typer.Option("--model", "-m")] = "z-image:16b",
    size: Annotated[str | None, typer.Option(metavar="WIDTHxHEIGHT")] = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, max=10)] = 1,
    force: Force = False,
    sandbox: InSandbox = False,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Draw images from a prompt: image files out."""
    from llmaas_cli.commands.audio import _text
    from llmaas_cli.commands.connection import open_client
    from llmaas_cli.commands.results import new_file, write_bytes
    from llmaas_cli.terminal.output import print_json, say

    words = _text(prompt)
    targets = [_numbered(out, number, count) for number in range(1, count + 1)]
    for target in targets:
        if str(target) != "-":
            new_file(target, force=force)
    options: Any = {"n": count, **({} if size is None else {"size": size})}
    with open_client(sandbox=sandbox, base_url=base_url) as client:
        drawn = client.generate_images(words, model=model, **options)
    for target, one in zip(targets, drawn, strict=False):
        if one.error is not None:
            say(f"{target}: {one.error}", "red")
            continue
        if one.data is not None:
            write_bytes(one.data, target)
        if as_json and str(target) != "-":
            print_json({"out": str(target) if one.data else None, "url": one.url}, lines=True)
        elif str(target) != "-":
            say(str(target) if one.data else f"the service keeps it at {one.url}", "dim")
    if any(one.error for one in drawn):
        raise typer.Exit(1)


def ocr(
    inputs: Annotated[list[Path], typer.Argument(help="PDFs, images, or folders of them.")],
    model: Annotated[str, typer.Option("--model", "-m")] = "deepseek-ocr",
    prompt: Annotated[
        str, typer.Option(help="markdown, figure, text, or a prompt of your own.")
    ] = "markdown",
    max_pages: Annotated[int, typer.Option(min=1, help="Of one file; more are refused.")] = 500,
    max_side: Annotated[int, typer.Option(min=64, help="Pixels of a page's longer side.")] = 2_048,
    max_tokens: Annotated[int, typer.Option(min=1, help="Of one page.")] = 4_096,
    out: Out = None,
    force: Force = False,
    sandbox: InSandbox = False,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Read scans, photographs and PDFs: Markdown out, pages separated by form feeds."""
    from llmaas.documents import DocumentLimits
    from llmaas_cli.commands.connection import open_client
    from llmaas_cli.commands.inputs import PAGES, files
    from llmaas_cli.commands.results import progress, results

    found = files(inputs, PAGES)
    limits = DocumentLimits(max_pages=max_pages, max_side=max_side)
    with (
        open_client(sandbox=sandbox, base_url=base_url) as client,
        results(out, as_json=as_json, many=len(found) > 1, force=force) as sink,
    ):
        for path in progress(found, len(found), lambda path: path.name):
            pages: list[Completion] = []
            failure: Exception | None = None
            try:
                pages.extend(_read(client, path, limits, model, prompt, max_tokens))
            except Exception as error:
                failure = error
            if pages:  # also those before a failure: they are paid for
                _add(sink, str(path), pages)
            if failure is not None:
                sink.fail(str(path), failure)


def _add(sink: Results, source: str, pages: list[Completion]) -> None:
    texts = [page.text for page in pages]
    facts = {"text": "\f".join(texts), "pages": len(pages), "model": pages[0].model}
    cost = sum(page.cost_micro_eur or 0 for page in pages)
    sink.add(source, "\n\n".join(texts), facts, cost)


def _read(
    client: LLMaaS, path: Path, limits: DocumentLimits, model: str, prompt: str, max_tokens: int
) -> Iterator[Completion]:
    from llmaas import image_part
    from llmaas.documents import draw_pages

    words = {"type": "text", "text": PROMPTS.get(prompt, prompt)}
    for page in draw_pages(path.read_bytes(), limits):
        content = [image_part(page), words]
        messages = [{"role": "user", "content": content}]
        yield client.chat(messages, model=model, temperature=0, max_tokens=max_tokens)


def _numbered(out: Path, number: int, count: int) -> Path:
    if count > 1 and str(out) == "-":
        raise ValueError("--out - takes one image: leave --count at 1")
    return out if count == 1 else out.with_name(f"{out.stem}-{number}{out.suffix}")
