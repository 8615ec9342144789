"""Commands that deploy the Make app: every source once, with the names that Make returned."""

import importlib.util

import pytest

from tests.helpers.repository import ROOT

SCRIPT = ROOT / "cookbooks/make/deploy.py"


@pytest.fixture
def script():
    spec = importlib.util.spec_from_file_location("make_deploy", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Recorder:
    """Stand-in for ``make-cli`` that returns names with letters appended, as Make does."""

    def __init__(self):
        self.calls = []

    def __call__(self, group, verb, **options):
        self.calls.append((group, verb, options))
        wrapped = {"sdk-apps": "app", "sdk-connections": "appConnection"}.get(group, "x")
        return {wrapped: {"name": f"{wrapped}-ab12cd"}} if verb == "create" else {}

    def named(self, verb):
        return [(group, options) for group, done, options in self.calls if done == verb]


def test_deploy_sends_every_source_file_once(script):
    recorder = Recorder()
    script.deploy(recorder, None, None)
    bodies = [options["body"] for _, options in recorder.named("set-section")]
    files = [path for kind in script.COMPONENTS.values() for each in kind.values()
             for path in each["codeFiles"].values()]  # fmt: skip
    general = [script.FILES["generalCodeFiles"][name] for name in ("base", "groups")]
    expected = [(script.APP / path).read_text() for path in [*general, *files]]
    assert sorted(bodies) == sorted(expected)


def test_deploy_uses_the_names_that_make_returned(script):
    recorder = Recorder()
    script.deploy(recorder, None, None)
    apps = {options["app_name"] for _, options in recorder.named("update")}
    connections = {options["connection"] for _, options in recorder.named("update")}
    assert (apps, connections) == ({"app-ab12cd"}, {"appConnection-ab12cd"})


def test_deploy_creates_nothing_when_the_app_exists(script):
    recorder = Recorder()
    script.deploy(recorder, "llmaas-1", "llmaas-2")
    assert recorder.named("create") == []
    assert recorder.named("update")


def test_printed_commands_name_each_option_once(script, capsys):
    script.deploy(script.print_command, None, None)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("make-cli sdk-apps create --name=llmaas ")
    assert all(line.startswith("make-cli sdk-") for line in lines)
