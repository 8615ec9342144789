"""The Make app's files and the blueprint are of the form that Make takes."""

import json
import re
import shutil

import pytest

from tests.cookbooks.make.format import problems
from tests.helpers.repository import ROOT

APP = ROOT / "cookbooks" / "make" / "app"
MANIFEST = json.loads((APP / "makecomapp.json").read_text())
MODULES = MANIFEST["components"]["module"]
each_module = pytest.mark.parametrize("name", MODULES)


def code(kind, name, part):
    path = MANIFEST["components"][kind][name]["codeFiles"][part]
    return json.loads((APP / path).read_text())


def test_the_editor_would_take_every_file():
    assert list(problems(APP)) == []


def misname(app):
    path = app / "general" / "base.iml.json"
    path.write_text(path.read_text().replace('"headers"', '"header"'))


def misfile(app):
    (app / "modules" / "stray.json").write_text("{}")


def mistype(app):
    path = app / "connections" / "llmaas" / "llmaas.params.iml.json"
    path.write_text(path.read_text().replace('"password"', '"secret"'))


@pytest.mark.parametrize("spoil", [misname, misfile, mistype])
def test_a_fault_is_found(tmp_path, spoil):
    shutil.copytree(APP, tmp_path / "app")
    spoil(tmp_path / "app")
    assert len(list(problems(tmp_path / "app"))) == 1


@each_module
def test_what_a_module_returns_is_what_it_announces(name):
    returned = set(code("module", name, "communication")["response"]["output"])
    announced = {one["name"] for one in code("module", name, "interface")}
    assert returned == announced == set(code("module", name, "samples"))


@pytest.mark.parametrize("name", ["summariseText", "extractValues"])
def test_the_text_modules_read_an_answer_alike(name):
    usual = code("module", "askModel", "communication")["response"]["output"]
    output = code("module", name, "communication")["response"]["output"]
    assert {key: output[key] for key in usual} == usual


def test_groups_show_every_module_once():
    groups = json.loads((APP / "modules" / "groups.json").read_text())
    shown = [name for group in groups for name in group["modules"]]
    assert sorted(shown) == sorted(MODULES)


@each_module
def test_lists_that_a_form_asks_for_exist(name):
    path = APP / MODULES[name]["codeFiles"]["mappableParams"]
    called = set(re.findall(r"rpc://(\w+)", path.read_text()))
    called |= set(re.findall(r"rpc://(\w+)", json.dumps(code("module", name, "interface"))))
    assert called <= set(MANIFEST["components"]["rpc"])


def test_the_key_is_kept_out_of_logs():
    for path in ("general/base.iml.json", "connections/llmaas/llmaas.communication.iml.json"):
        log = json.loads((APP / path).read_text())["log"]
        assert log == {"sanitize": ["request.headers.authorization"]}
