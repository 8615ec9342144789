"""Scripted steps, which one thread adds and another takes."""

import threading
import time
from typing import Any

import pytest

from llmaas_sandbox import Sandbox


class Watched(dict[str, Any]):
    """A step at which another thread adds steps, just when the server looks at it."""

    def __init__(self, add: Any, **told: Any) -> None:
        super().__init__(told)
        self.adding = threading.Thread(target=add)

    def get(self, *asked: Any) -> Any:
        if not self.adding.ident:
            self.adding.start()
            time.sleep(0.05)
        return super().get(*asked)


def test_steps_may_come_while_others_are_looked_through(ask: Any, llmaas_sandbox: Sandbox) -> None:
    step = {"path": "/v1/models", "status": 299, "json": {}}
    first = Watched(lambda: llmaas_sandbox.script([step]), path="/v1/elsewhere", content="")
    llmaas_sandbox.script([first])
    assert ask("/v1/models").status == 200
    first.adding.join()
    assert ask("/v1/models").status == 299
    assert llmaas_sandbox.pending_steps == 1


def test_of_steps_with_a_mistake_none_is_queued(llmaas_sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="contnet"):
        llmaas_sandbox.script([{"content": "x"}, {"contnet": "x"}])
    assert llmaas_sandbox.pending_steps == 0
