"""Run of probes: plan, budget, checkpoint, results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from llmaas.errors import BudgetExceededError
from llmaas_cli.probe.checkpoint import Checkpoint
from llmaas_cli.probe.exchange import Exchange
from llmaas_cli.probe.facts.reading import Facts
from llmaas_cli.probe.model import Probe, Result
from llmaas_cli.probe.rules import judge
from llmaas_cli.probe.selection import Models
from llmaas_cli.probe.sender import Sender

_LACKING = {
    "alias": "the list has no other name of the model",
    "batch_id": "no batch was accepted",
    "window": "the window of the model is unknown",
    "long_text": "the window is unknown, or so large that a prompt beyond it may be expensive",
}
"""Why a probe cannot be run without a value that it needs."""


@dataclass(frozen=True, slots=True)
class Task:
    """A probe with one model; ``missing`` says why it cannot be run."""

    probe: Probe
    model: str
    missing: str = ""

    @property
    def name(self) -> str:
        """Name of its result."""
        return f"{self.probe.id} {self.model}".strip()


def plan(probes: Sequence[Probe], models: Models, flags: frozenset[str]) -> list[Task]:
    """Plan each probe with each of its models."""
    tasks: list[Task] = []
    for probe in probes:
        if probe.flag and probe.flag not in flags:
            tasks.append(Task(probe, "", f"Not run: add --{probe.flag}."))
            continue
        names = models.for_subject(probe.subject)
        if not names:
            tasks.append(Task(probe, "", f"Not run: no model for it ({probe.subject})."))
        tasks += [Task(probe, name) for name in names]
    return tasks


@dataclass(slots=True)
class Run:
    """One run over a plan; iterate it for the results."""

    tasks: Sequence[Task]
    models: Models
    sender: Sender
    checkpoint: Checkpoint = field(default_factory=Checkpoint)
    exchanges: dict[str, list[Exchange]] = field(default_factory=dict)
    """Exchanges of each result, to be recorded."""
    _learned: dict[str, dict[str, object]] = field(default_factory=dict)
    _kept: dict[str, dict[str, object]] = field(default_factory=dict)

    @property
    def highest_micro_eur(self) -> int:
        """Highest cost of all tasks that have no result yet."""
        return sum(
            self.sender.highest_cost(task.probe.calls, self.models.values(task.model))
            for task in self.tasks
            if not task.missing and task.name not in self.checkpoint
        )

    def __iter__(self) -> Iterator[Result]:
        for task in self.tasks:
            result = self.checkpoint.get(task.name) or self._run(task)
            self._learned.setdefault(task.model, {}).update(result.learned)
            self._kept.setdefault(task.model, {}).update(result.kept)
            yield result

    def _run(self, task: Task) -> Result:
        """Run one probe and judge it; it is skipped if a value that it needs is unknown."""
        if task.missing:
            return Result(task.probe.id, task.model, None, task.missing)
        values = self._values(task.model)
        if lacking := [name for name in task.probe.needs if values.get(name) is None]:
            reason = f"Not run: {_LACKING[lacking[0]]}."
            return Result(task.probe.id, task.model, None, reason)
        before = self.sender.budget.spent
        try:
            exchanges = self.sender.send(task.probe.calls, values)
        except BudgetExceededError:
            reason = "Not run: the budget is exhausted. Raise --budget and run it again."
            return Result(task.probe.id, task.model, None, reason)
        spent = round((self.sender.budget.spent - before) * 1e6)
        values = {**values, "refusals": self.sender.refusals}
        result = judge(task.probe, task.model, Facts(exchanges, task.model, values))
        result = replace(result, cost_micro_eur=spent)
        self.exchanges[task.name] = exchanges
        if not result.is_pending:
            self.checkpoint.add(result)
        return result

    def _values(self, model: str) -> Mapping[str, object]:
        """Return the values of a model; what was learned replaces what the list says."""
        window = self._learned.get(model, {}).get("context_window")
        measured = {"window": window} if window else {}
        return {**self.models.values(model), **measured, **self._kept.get(model, {})}
