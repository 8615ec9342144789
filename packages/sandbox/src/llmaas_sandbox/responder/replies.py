"""Text answers, quoted from the context if there is one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

from llmaas_sandbox.responder.conversation import (
    Message,
    Question,
    delimited_text,
    parse_conversation,
    tool_results,
)
from llmaas_sandbox.responder.extract import best_sentences, cite_sentences
from llmaas_sandbox.responder.formats import format_answer
from llmaas_sandbox.responder.words import is_french, sentences, stems, words

_ECHO = re.compile(
    r"\b(?:say|reply|respond|answer|write|print|output|return|dis|répon[ds]s?|écris|affiche)\b"
    r"(?:[\w\s]{0,30}?)[\s:]{0,9}[\"'«“`](?P<quoted>[^\"»”`\n]{1,400}?)[\"'»”`]",
    re.IGNORECASE,
)
_QUOTES = frozenset("\"'«“`")
_ONE_WORD = re.compile(
    r"\b(?:say|reply|respond|answer|dis|répon[ds]s?)\b\s+(?:with\s+|by\s+|par\s+|avec\s+)?"
    r"(?:only\s+|just\s+|exactly\s+|seulement\s+|juste\s+|exactement\s+)*(?:the\s+word\s+|le\s+mot\s+)?:?\s*"
    r"(?P<word>[\w-]+)\s*[.!]?\s*$",
    re.IGNORECASE,
)
_CHOICE = re.compile(r"\bfrom\s+\[(?P<options>[^\]]{3,400})\]", re.IGNORECASE)
_FROM = "from"
"""Cheaper to look for than the pattern."""
_NUMBERED = re.compile(r"^\[\d+\] ", re.MULTILINE)
_SUMMARY = 3
"""Sentences of a summary: the first ones."""
_TRANSLATION_RULE = re.compile(r"professional .{2,40} translator", re.IGNORECASE)


def build_reply(messages: Sequence[Message]) -> str:
    """Build the text answer to a conversation."""
    results = tool_results(messages)
    if results:
        return _from_results(results, parse_conversation(messages).question)
    if text := delimited_text(messages):
        return "\n".join(f"- {sentence}" for sentence in islice(sentences(text), _SUMMARY))
    if text := format_answer(messages, build_reply):
        return text
    question = parse_conversation(messages)
    return (
        _echo_requested_text(question)
        or _choose_option(messages, question)
        or _quoted(question)
        or _nothing_found(question)
    )


def _from_results(results: Sequence[tuple[str, str]], question: str) -> str:
    if len(results) == 1:
        text = results[0][1]
        if _NUMBERED.search(text):  # what a search tool found: a context to answer from
            return cite_sentences(best_sentences(question, text)) or text
        return text or ("Aucun résultat." if is_french(question) else "No result.")
    return "\n".join(f"{name}: {text}" for name, text in results)


def _echo_requested_text(question: Question) -> str:
    is_quoting = not _QUOTES.isdisjoint(question.question)
    found = _ECHO.search(question.question) if is_quoting else None
    if found:
        return found["quoted"].strip()
    single = _ONE_WORD.search(question.question) if len(question.question) < 80 else None
    return single["word"] if single else ""


def _choose_option(messages: Sequence[Message], question: Question) -> str:
    """Pick a name from a list, as group chats ask: the one most spoken of, not the last one."""
    text = f"{question.question}\n{question.context}"
    found = _CHOICE.search(text) if _FROM in text.lower() else None
    if not found:
        return ""
    options = [o.strip(" '\"`") for o in found["options"].split(",") if o.strip(" '\"`")]
    requested = set(stems(question.question.replace(found.group(), "")))
    return max(options, key=lambda o: len(requested.intersection(stems(o)))) if options else ""


def _quoted(question: Question) -> str:
    text = question.question
    if "translator" in text.lower() and _TRANSLATION_RULE.search(text):
        return ""
    return cite_sentences(best_sentences(text, question.context))


def _nothing_found(question: Question) -> str:
    french = is_french(question.question)
    requested = " ".join(question.question.split())
    if len(words(question.context)) > 40 and best_sentences(requested, question.context) == []:
        return (
            "Les documents fournis ne répondent pas à cette question."
            if french
            else "The documents given do not answer this question."
        )
    shown = requested if len(requested) <= 160 else requested[:159].rstrip() + "…"
    if french:
        return f"Le bac à sable a bien reçu votre message : « {shown} »"
    return f"The sandbox received your message: “{shown}”"
