"""Questions of the demo, and the prompt built from passages."""

from __future__ import annotations

from collections.abc import Sequence

from llmaas_cli.demo.passages import Passage

QUESTIONS = {
    "en": "Why can the answer of a reasoning model come back empty?",
    "es": "¿Por qué el `content` de un modelo que razona llega vacío, con finish reason `length`?",
    "fr": "Combien coûte le classement de mille questions sur cent documents chacune ?",
}

INSTRUCTIONS = (
    "Answer the question from the numbered passages and from nothing else. "
    "Put the number of the passage behind each statement, like this: [2]. "
    "If the passages do not hold the answer, say so. Write in the language of the question."
)


def build_messages(question: str, passages: Sequence[Passage]) -> list[dict[str, str]]:
    """Build the chat messages for ``question`` with numbered ``passages``."""
    numbered = (
        f"[{number}] {passage.title} - {passage.heading}\n\n{passage.text}"
        for number, passage in enumerate(passages, 1)
    )
    return [
        {"role": "system", "content": INSTRUCTIONS},
        {"role": "user", "content": "\n\n".join([*numbered, f"Question: {question}"])},
    ]
