"""Agents in several processes on AutoGen's gRPC runtime, with reassignment of lost tasks.

    ./run python cookbooks/autogen/distributed.py --workers 3 --kill-one

This process hosts the runtime and distributes tasks. Each worker is a separate process with one
agent. A task contains the component of the model client without a key. The worker loads it with
the key of its environment. If a worker does not answer within its lease, another worker receives
the task. The agents are RoutedAgents, because AgentChat teams hang on this runtime.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
import socket
import sys
from collections import deque
from dataclasses import dataclass, field
from functools import lru_cache

from autogen_core import (
    AgentId,
    MessageContext,
    RoutedAgent,
    message_handler,
    try_get_known_serializers_for_type,
)
from autogen_core.models import ChatCompletionClient, SystemMessage, UserMessage
from autogen_ext.runtimes.grpc import GrpcWorkerAgentRuntime, GrpcWorkerAgentRuntimeHost

from autogen_llmaas import LLMaaSChatCompletionClient, native_component
from llmaas.pricing import format_eur
from llmaas_cli.demo import load_documents, open_endpoint, split

QUESTION = "Which keys sign packages, and who keeps them?"
START_SECONDS = 60.0


@dataclass
class Hello:
    """Readiness check of a worker, and its reply with the process ID."""

    pid: int = 0


@dataclass
class Task:
    """Question about one passage. ``component`` is JSON without a key."""

    number: int
    question: str
    passage: str
    component: str


@dataclass
class Finding:
    """Result of one task."""

    number: int
    worker: str
    answer: str
    cost_micro_eur: int


class Reader(RoutedAgent):
    """Agent that answers from one passage at a time."""

    @message_handler
    async def on_hello(self, message: Hello, ctx: MessageContext) -> Hello:
        """Confirm that the worker is ready."""
        return Hello(os.getpid())

    @message_handler
    async def on_task(self, message: Task, ctx: MessageContext) -> Finding:
        """Answer from the passage."""
        client = client_of(message.component)
        before = client.totals.cost_micro_eur
        result = await client.create(
            [
                SystemMessage(content="Answer from this passage alone:\n" + message.passage),
                UserMessage(content=message.question, source="coordinator"),
            ],
            cancellation_token=ctx.cancellation_token,
        )
        cost = client.totals.cost_micro_eur - before
        return Finding(message.number, self.id.type, str(result.content), cost)


@lru_cache(maxsize=8)
def client_of(component: str) -> LLMaaSChatCompletionClient:
    """Load a client once, with the key of this process's environment."""
    return ChatCompletionClient.load_component(json.loads(component), LLMaaSChatCompletionClient)


async def connected(address: str) -> GrpcWorkerAgentRuntime:
    """Connect to the runtime at an address."""
    runtime = GrpcWorkerAgentRuntime(host_address=address)
    await runtime.start()
    for kind in (Hello, Task, Finding):
        runtime.add_message_serializer(try_get_known_serializers_for_type(kind))
    return runtime


async def work(name: str, address: str) -> None:
    """Run a worker until SIGTERM."""
    runtime = await connected(address)
    await Reader.register(runtime, name, lambda: Reader("Reads a passage"))
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    await runtime.stop()


@dataclass
class Round:
    """Pending tasks, results and lost workers."""

    tasks: deque[Task]
    total: int
    lease: float
    findings: dict[int, Finding] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)

    async def serve(self, runtime: GrpcWorkerAgentRuntime, worker: str) -> None:
        """Send tasks to one worker until all are done or a task exceeds the lease."""
        while len(self.findings) < self.total:
            if not self.tasks:  # another worker may still fail and return its task
                await asyncio.sleep(0.05)
                continue
            task = self.tasks.popleft()
            call = runtime.send_message(task, AgentId(worker, "default"))
            try:
                finding = await asyncio.wait_for(call, self.lease)
            except TimeoutError:
                self.tasks.appendleft(task)
                self.lost[worker] = task.number
                print(f"{worker} was lost with task {task.number}")
                return
            self.findings[finding.number] = finding
            print(f"{finding.worker} did task {finding.number}: {first_line(finding.answer)}")


def first_line(text: str) -> str:
    """Shorten a text to one line of 70 characters."""
    return text.strip().partition("\n")[0][:70]


async def find(runtime: GrpcWorkerAgentRuntime, worker: str) -> int:
    """Wait until a worker is ready and return its process ID. Earlier messages are dropped."""
    async with asyncio.timeout(START_SECONDS):
        while True:
            try:
                call = runtime.send_message(Hello(), AgentId(worker, "default"))
                return (await asyncio.wait_for(call, 1)).pid
            except TimeoutError:
                continue


async def kill_when_busy(progress: Round, pid: int) -> None:
    """Kill a worker after two results."""
    while len(progress.findings) < 2:  # noqa: ASYNC110 - no event to wait for
        await asyncio.sleep(0.01)
    os.kill(pid, signal.SIGKILL)


async def coordinate(told: argparse.Namespace, environment: dict[str, str]) -> Round:
    """Host the runtime, start the workers, distribute the tasks and collect the results."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    host = GrpcWorkerAgentRuntimeHost(address=address)
    host.start()
    names = [f"worker_{number}" for number in range(told.workers)]
    program = (sys.executable, __file__, "--worker")
    processes = [
        await asyncio.create_subprocess_exec(*program, name, address, env=environment)
        for name in names
    ]
    runtime = await connected(address)
    try:
        pids = [await find(runtime, name) for name in names]
        tasks = deque(tasks_of(told.model, told.tasks))
        progress = Round(tasks, len(tasks), told.lease)
        jobs = [progress.serve(runtime, name) for name in names]
        if told.kill_one:
            jobs.append(kill_when_busy(progress, pids[0]))
        await asyncio.gather(*jobs)
    finally:
        for process in processes:
            if process.returncode is None:
                process.terminate()
        await asyncio.gather(*(process.wait() for process in processes))
        await runtime.stop()
        await host.stop()
    return progress


def tasks_of(model: str, count: int) -> list[Task]:
    """Build one task per passage of the documents."""
    component = json.dumps(native_component(model))
    passages = split(load_documents(language="en"))[:count]
    return [
        Task(number, QUESTION, passage.with_title, component)
        for number, passage in enumerate(passages)
    ]


def main() -> int:
    """Run as coordinator, or as a worker with ``--worker``."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="gpt-oss:120b")
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--tasks", type=int, default=12)
    parser.add_argument("--lease", type=float, default=60, help="seconds for one task")
    parser.add_argument("--kill-one", action="store_true", help="and see its work finished")
    parser.add_argument("--worker", nargs=2, metavar=("NAME", "ADDRESS"), help=argparse.SUPPRESS)
    told = parser.parse_args()
    # The host logs an error for each message to a worker that is not ready.
    logging.getLogger("autogen_core").setLevel(logging.CRITICAL)
    if told.worker:
        asyncio.run(work(*told.worker))
        return 0
    with open_endpoint() as service:
        key = {"LLMAAS_API_KEY": service.api_key, "LLMAAS_BASE_URL": service.base_url}
        progress = asyncio.run(coordinate(told, {**os.environ, **key}))
    cost = sum(finding.cost_micro_eur for finding in progress.findings.values())
    done = f"{len(progress.findings)} of {progress.total} tasks"
    print(f"{done}, {format_eur(cost)}, lost: {', '.join(progress.lost) or 'nobody'}")
    return 0 if len(progress.findings) == progress.total else 1


if __name__ == "__main__":
    sys.exit(main())
