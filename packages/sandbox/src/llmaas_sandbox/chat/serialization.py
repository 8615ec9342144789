"""Writing answers down: the whole body, or the chunks of a stream, in every dialect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from itertools import chain, zip_longest
from typing import Any

from llmaas_sandbox.chat.answers import Choice, is_content_empty, reasoning_style
from llmaas_sandbox.chat.deltas import build_deltas
from llmaas_sandbox.chat.logprobs import build_logprobs
from llmaas_sandbox.chat.request import ChatRequest
from llmaas_sandbox.chat.splitting import split_text
from llmaas_sandbox.engines import fields
from llmaas_sandbox.errors import Json
from llmaas_sandbox.faults.variants import add_reasoning, shape_tool_call, shape_usage, to_ollama
from llmaas_sandbox.tokens import count_message_tokens, count_tokens


class ResponseWriter:
    """Writes the answers to one request."""

    def __init__(self, request: ChatRequest, answers: Sequence[Choice]) -> None:
        self.request = request
        self.answers = answers
        self.faults = request.faults
        self.style = reasoning_style(request)
        self.step = request.step or {}
        self.base: Json = {
            "id": f"chatcmpl-{blake2b(request.fingerprint, digest_size=16).hexdigest()}",
            "created": request.created,
            "model": self.step.get("model") or request.model.root,
        }
        self.said = sum([a.tokens for a in answers])
        self.thought = sum([count_tokens(a.reasoning) for a in answers])
        self.prompt_tokens = count_message_tokens(
            request.body["messages"], request.body.get("tools")
        )

    @property
    def requested(self) -> str:
        """The model as the client named it."""
        return self.request.requested

    def usage(self, completion: int | None = None, reasoning: int | None = None) -> Json:
        """Return the usage object, for the whole or for what was said so far."""
        if "usage" in self.step:
            return dict(self.step["usage"])
        said = self.said if completion is None else completion
        thought = self.thought if reasoning is None else reasoning
        whole = {"prompt_tokens": self.prompt_tokens, "completion_tokens": said}
        whole |= {"total_tokens": self.prompt_tokens + said, "reasoning_tokens": thought}
        return shape_usage(whole, self.faults)

    @property
    def backend(self) -> Any:
        """The machine that answers."""
        return self.step.get("backend") or self.request.backend

    # the whole body

    def body(self) -> Json:
        """Write everything in one object."""
        whole: Json = {**self.base, "object": "chat.completion", "choices": self.whole_choices()}
        if "usage-none" not in self.faults:
            whole["usage"] = self.usage()
        whole["backend"] = self.backend
        whole = fields.to_engine_body(whole, self.faults, self.requested)
        return to_ollama(whole, stream=False) if "ollama-native" in self.faults else whole

    def whole_choices(self) -> list[Json]:
        """Write the choices of a whole body."""
        return [self._choice(i, answer) for i, answer in enumerate(self.answers)]

    def _choice(self, index: int, answer: Choice) -> Json:
        message: Json = {"role": "assistant", "content": answer.content or None}
        if is_content_empty(self.faults, self.style, self.request.body):
            message["content"] = None
        if answer.reasoning:
            add_reasoning(message, answer.reasoning, self.style)
        if answer.calls:
            message["tool_calls"] = [self._call(c) for c in answer.calls]
        elif message["content"] is None and not answer.reasoning:
            message["content"] = ""
        if answer.calls and message["content"] is None and self._is_forced():
            message["content"] = ""
        choice: Json = {"index": index, "message": message, "finish_reason": answer.finish_reason}
        if self.wants_logprobs(answer):
            choice["logprobs"] = self._logprobs(answer, split_text(answer.content))
        return choice

    def _is_forced(self) -> bool:
        """Tell whether a call was forced of an engine that then writes an empty content."""
        choice = self.request.body.get("tool_choice")
        return "named-stop" in self.faults and choice not in (None, "auto", "none")

    def _call(self, call: Any, index: int | None = None) -> Json:
        function = {"name": call.name, "arguments": call.arguments}
        whole: Json = {"id": call.id, "type": "function", "function": function}
        if index is not None:
            whole["index"] = index
        return shape_tool_call(whole, self.faults)

    def wants_logprobs(self, answer: Choice) -> bool:
        """Tell whether to add log probabilities."""
        return bool(self.request.body.get("logprobs")) or answer.logprobs is not None

    def _logprobs(self, answer: Choice, texts: list[str]) -> Any:
        top = int(self.request.body.get("top_logprobs") or 0)
        return answer.logprobs if answer.logprobs is not None else build_logprobs(texts, top)

    # the stream

    def choices(self) -> list[Json]:
        """Write what the chunks of a stream tell, those of several answers in turn."""
        lanes = [self._lane(i, answer) for i, answer in enumerate(self.answers)]
        woven = chain.from_iterable(zip_longest(*lanes))
        return [choice for choice in woven if choice is not None]

    def chunks(self) -> list[Json]:
        """Write the chunks of a stream, usage and backend where the dialect wants them."""
        stream = [self._chunk(choice) for choice in self.choices()]
        stream = fields.to_engine_chunks(self._with_usage(stream), self.faults, self.requested)
        if "choiceless-backend" in self.faults:
            stream.insert(
                0, {**self.base, "object": "chat.completion.chunk", "backend": self.backend}
            )
        if "ollama-native" in self.faults:
            return [to_ollama(c, stream=True) for c in stream if c.get("choices")]
        return stream

    def _chunk(self, choice: Json) -> Json:
        return {**self.base, "object": "chat.completion.chunk", "choices": [choice]}

    def _lane(self, index: int, answer: Choice) -> list[Json]:
        lane: list[Json] = []
        with_logprobs = self.wants_logprobs(answer)
        for delta in build_deltas(answer, self.style, self.faults, self.request.body, self._call):
            choice: Json = {"index": index, "delta": delta, "finish_reason": None}
            if with_logprobs and delta.get("content"):
                choice["logprobs"] = self._logprobs(answer, [delta["content"]])
            lane.append(choice)
        if "finish-on-last" in self.faults and not answer.calls and len(lane) > 1:
            lane[-1]["finish_reason"] = answer.finish_reason
            return lane
        last: Json = {"content": ""} if not answer.calls else {}
        lane.append({"index": index, "delta": last, "finish_reason": answer.finish_reason})
        return lane

    def _with_usage(self, stream: list[Json]) -> list[Json]:
        if "usage-none" in self.faults or self._usage_is_unwanted("include_usage"):
            return stream
        if "usage-on-request" in self.faults and not self._usage_is_unwanted(
            "continuous_usage_stats"
        ):
            stream = self._running(stream)
        if "usage-every" in self.faults:
            return self._running(stream)
        if "usage-finish" in self.faults or "ollama-native" in self.faults:
            stream[-1] = {**stream[-1], "usage": self.usage(), "backend": self.backend}
            return stream
        last = {**self.base, "object": "chat.completion.chunk", "choices": []}
        return [*stream, {**last, "usage": self.usage(), "backend": self.backend}]

    def _usage_is_unwanted(self, option: str) -> bool:
        """Tell whether usage waits for an option that the request does not set."""
        options = self.request.body.get("stream_options")
        asked = isinstance(options, Mapping) and options.get(option) is True
        return "usage-on-request" in self.faults and not asked

    def _running(self, stream: list[Json]) -> list[Json]:
        total, thought = self.usage(), 0
        most = int(total.get("completion_tokens", 0))
        counted = []
        for i, chunk in enumerate(stream):
            done = i == len(stream) - 1
            usage = total if done else self.usage(most * i // max(1, len(stream) - 1), thought)
            counted.append({**chunk, "usage": usage, "backend": self.backend})
        return counted
