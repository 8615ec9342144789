"""Reply for the page: collapsed reasoning, text, and a line with tokens and cost."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import gradio as gr
from gradio.components.chatbot import MetadataDict

from llmaas import LLMaaSError
from llmaas.energy import chat_energy_kwh
from llmaas.pricing import audio_cost_micro_eur, billed_output_tokens, format_eur
from llmaas.types import Completion, Transcription
from llmaas_cli.format import format_kwh

HEARD, REASONING = "Heard", "Reasoning"


@dataclass(slots=True)
class Reply:
    """Partial or complete reply."""

    heard: str = ""
    reasoning: str = ""
    text: str = ""
    audio_micro_eur: int = 0
    completion: Completion | None = None
    error: LLMaaSError | None = None
    began: float = field(default_factory=time.monotonic)
    thought_for: float | None = None
    """Seconds before the first text fragment."""

    def hear(self, transcription: Transcription) -> None:
        """Add a transcription. Its cost is computed from the duration of its segments."""
        self.heard = f"{self.heard}\n\n{transcription.text}".strip()
        last = transcription.segments[-1] if transcription.segments else {}
        self.audio_micro_eur += audio_cost_micro_eur(float(last.get("end") or 0))

    def say(self, text: str) -> None:
        """Append a text fragment."""
        if self.thought_for is None:
            self.thought_for = round(time.monotonic() - self.began, 1)
        self.text += text

    def messages(self) -> list[gr.ChatMessage]:
        """Build the messages to display."""
        shown = []
        if self.heard:
            shown.append(folded(HEARD, self.heard))
        if self.reasoning:
            shown.append(self._thought())
        if self.text:
            shown.append(gr.ChatMessage(self.text))
        if self.error is not None:
            shown.append(problem(self.error))
        if self.completion is not None:
            if self.completion.empty_reason:
                shown.append(gr.ChatMessage(f"⚠ {self.completion.empty_reason}"))
            shown.append(self._bill(self.completion))
        return shown or [gr.ChatMessage("…")]

    def _thought(self) -> gr.ChatMessage:
        if self.thought_for is None and self.error is None and self.completion is None:
            return gr.ChatMessage(
                self.reasoning, metadata={"title": REASONING, "status": "pending"}
            )
        return folded(REASONING, self.reasoning, seconds=self.thought_for)

    def _bill(self, completion: Completion) -> gr.ChatMessage:
        usage, backend = completion.usage, completion.backend
        if usage is None:
            return folded(f"{completion.model}: the service did not say what it used", "")
        cost = format_eur((completion.cost_micro_eur or 0) + self.audio_micro_eur)
        energy = chat_energy_kwh(usage, completion.model)
        details = [
            f"model: {completion.model}",
            f"machine: {backend.machine_name}" if backend else "",
            f"energy, estimated: {format_kwh(energy)}" if energy is not None else "",
            f"transcription: {format_eur(self.audio_micro_eur)}" if self.audio_micro_eur else "",
            f"request: {completion.request_id}" if completion.request_id else "",
        ]
        title = f"{cost} · {usage.prompt_tokens} tokens in, {billed_output_tokens(usage)} out"
        return folded(title, "\n".join(f"- {detail}" for detail in details if detail))


def folded(title: str, content: str, *, seconds: float | None = None) -> gr.ChatMessage:
    """Build a collapsed section."""
    metadata: MetadataDict = {"title": title, "status": "done"}
    if seconds is not None:
        metadata["duration"] = seconds
    return gr.ChatMessage(content, metadata=metadata)


def problem(error: LLMaaSError) -> gr.ChatMessage:
    """Build an expanded section with an error and its fix. The texts never contain the key."""
    lines = [getattr(error, "message", str(error)), error.hint]
    if request_id := getattr(error, "request_id", None):
        lines.append(f"request: `{request_id}`")
    text = "\n\n".join(line for line in lines if line)
    return gr.ChatMessage(text, metadata={"title": f"⚠ {type(error).__name__}"})
