"""Serialization of answers to a body or to chunks, in every response variant."""

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
    """Serializes the answers to one request."""

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
        self.completion_tokens = sum([a.tokens for a in answers])
        self.reasoning_tokens = sum([count_tokens(a.reasoning) for a in answers])
        self.prompt_tokens = count_message_tokens(
            request.body["messages"], request.body.get("tools")
        )

    @property
    def requested(self) -> str:
        """The model name in the request."""
        return self.request.requested

    def usage(self, completion: int | None = None, reasoning: int | None = None) -> Json:
        """Build the usage object, for the whole or for a partial answer."""
        if "usage" in self.step:
            return dict(self.step["usage"])
        completion_tokens = self.completion_tokens if completion is None else completion
        reasoning_tokens = self.reasoning_tokens if reasoning is None else reasoning
        whole = {"prompt_tokens": self.prompt_tokens, "completion_tokens": completion_tokens}
        whole |= {
            "total_tokens": self.prompt_tokens + completion_tokens,
            "reasoning_tokens": reasoning_tokens,
        }
        return shape_usage(whole, self.faults)

    @property
    def backend(self) -> object:
        """The ``backend`` object of the response."""
        return self.step.get("backend") or self.request.backend

    @property
    def _backend(self) -> Json:
        return {} if "no-backend" in self.faults else {"backend": self.backend}

    # whole response

    def body(self) -> Json:
        """Build the whole response."""
        whole: Json = {**self.base, "object": "chat.completion", "choices": self.whole_choices()}
        if "usage-none" not in self.faults:
            whole["usage"] = self.usage()
        whole |= self._backend
        whole = fields.to_engine_body(whole, self.faults, self.requested)
        return to_ollama(whole, stream=False) if "ollama-native" in self.faults else whole

    def whole_choices(self) -> list[Json]:
        """Build the choices of a whole response."""
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
        """Whether a call was forced on an engine that then sends empty content."""
        choice = self.request.body.get("tool_choice")
        return "named-stop" in self.faults and choice not in (None, "auto", "none")

    def _call(self, call: Any, index: int | None = None) -> Json:
        function = {"name": call.name, "arguments": call.arguments}
        whole: Json = {"id": call.id, "type": "function", "function": function}
        if index is not None:
            whole["index"] = index
        return shape_tool_call(whole, self.faults)

    def wants_logprobs(self, answer: Choice) -> bool:
        """Whether to add log probabilities."""
        return bool(self.request.body.get("logprobs")) or answer.logprobs is not None

    def _logprobs(self, answer: Choice, texts: list[str]) -> object:
        top = int(self.request.body.get("top_logprobs") or 0)
        return answer.logprobs if answer.logprobs is not None else build_logprobs(texts, top)

    # stream

    def choices(self) -> list[Json]:
        """Build the choices of the chunks, interleaving several answers."""
        lanes = [self._choice_chunks(i, answer) for i, answer in enumerate(self.answers)]
        woven = chain.from_iterable(zip_longest(*lanes))
        return [choice for choice in woven if choice is not None]

    def chunks(self) -> list[Json]:
        """Build the chunks of a stream, with usage and backend where the variant has them."""
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

    def _choice_chunks(self, index: int, answer: Choice) -> list[Json]:
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
            stream = self._with_running_usage(stream)
        if "usage-every" in self.faults:
            return self._with_running_usage(stream)
        if "usage-finish" in self.faults or "ollama-native" in self.faults:
            stream[-1] = {**stream[-1], "usage": self.usage(), **self._backend}
            return stream
        last = {**self.base, "object": "chat.completion.chunk", "choices": []}
        return [*stream, {**last, "usage": self.usage(), **self._backend}]

    def _usage_is_unwanted(self, option: str) -> bool:
        """Whether usage requires an option that the request does not set."""
        options = self.request.body.get("stream_options")
        is_set = isinstance(options, Mapping) and options.get(option) is True
        return "usage-on-request" in self.faults and not is_set

    def _with_running_usage(self, stream: list[Json]) -> list[Json]:
        total, reasoning_tokens = self.usage(), 0
        most = int(total.get("completion_tokens", 0))
        counted = []
        for i, chunk in enumerate(stream):
            done = i == len(stream) - 1
            usage = (
                total if done else self.usage(most * i // max(1, len(stream) - 1), reasoning_tokens)
            )
            counted.append({**chunk, "usage": usage, **self._backend})
        return counted
