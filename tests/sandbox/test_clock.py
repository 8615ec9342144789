"""A stopped clock makes answers that are the same bytes every day; recordings rely on it."""

import urllib.request

from llmaas_sandbox import Sandbox


def models(box):
    request = urllib.request.Request(
        f"{box.base_url}/models", headers={"Authorization": f"Bearer {box.api_key}"}
    )
    with urllib.request.urlopen(request) as answer:
        return answer.read()


def test_two_sandboxes_with_a_stopped_clock_answer_alike():
    with Sandbox(frozen_at=1000.0) as one, Sandbox(frozen_at=1000.0) as other:
        first = models(one)
        assert first == models(other)
        assert b'"created":1000' in first.replace(b" ", b"")


def test_a_stopped_clock_can_still_be_pushed():
    with Sandbox(frozen_at=1000.0) as box:
        box.advance(5)
        assert b'"created":1005' in models(box).replace(b" ", b"")
