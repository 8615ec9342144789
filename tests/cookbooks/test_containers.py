"""Container recipes: linted, and their steps executed in a bare directory, without a daemon."""

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

import pytest
import yaml

from tests.helpers.dockerfile import build
from tests.helpers.repository import ROOT

RECIPES = sorted(path for path in ROOT.glob("*/*/Dockerfile"))
COMPOSE = ROOT / "cookbooks/fastapi/compose.yaml"

each_recipe = pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.parent.name)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return str(listener.getsockname()[1])


def request(url, body=None, key="alice-demo"):
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=30) as answer:
        return answer.read().decode()


@contextmanager
def running(image, port, arguments=(), **values):
    """Run the image's entrypoint until its health check passes."""
    default = "8000" if "/app" in image.entrypoint else "8080"
    command = [port if word == default else word for word in image.entrypoint]
    process = image.run([*command, *arguments], **values)
    check = [word.replace(f":{default}/", f":{port}/") for word in image.healthcheck]
    try:
        end = time.monotonic() + 120
        while image.run(check, PYTHONWARNINGS="ignore").wait():
            assert process.poll() is None, "the program ended"
            assert time.monotonic() < end, "the health check never passed"
            time.sleep(0.5)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(90)


def test_recipes_exist_for_sandbox_and_backend():
    assert [path.parent.name for path in RECIPES] == ["fastapi", "sandbox"]


@each_recipe
def test_recipe_runs_as_an_unprivileged_user(recipe):
    text = recipe.read_text()
    assert text.rindex("\nUSER ") > text.rindex("\nRUN ")
    assert "--uid 10001" in text


@each_recipe
def test_recipe_passes_hadolint(recipe):
    program = shutil.which("hadolint")
    if program is None:
        pytest.skip("hadolint is not installed: run `nox -s workflows`")
    done = subprocess.run([program, str(recipe)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@each_recipe
def test_recipe_copies_files_that_its_ignore_file_admits(recipe):
    ignored = recipe.with_name("Dockerfile.dockerignore").read_text().split()
    copied = [line.split()[1] for line in recipe.read_text().splitlines() if "COPY p" in line]
    copied += ["cookbooks/fastapi"] if "fastapi" in str(recipe) else []
    assert {f"!{path}" for path in copied} == {line for line in ignored if line[0] == "!"}


def test_compose_file_matches_the_recipes():
    compose = yaml.safe_load(COMPOSE.read_text())
    services = compose["services"]
    assert set(services) == {"backend", "sandbox"}
    for service in services.values():
        context = COMPOSE.parent / service["build"]["context"]
        assert (context / service["build"]["dockerfile"]).resolve() in RECIPES
        assert service["read_only"]
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    key = services["backend"]["environment"]["LLMAAS_API_KEY"].partition(":-")[2].rstrip("}")
    assert key in services["sandbox"]["command"][1]
    if program := shutil.which("check-jsonschema"):
        command = [program, "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
        assert subprocess.run(command).returncode == 0


def test_sandbox_answers_after_the_steps_of_its_recipe(tmp_path):
    image = build(ROOT / "packages/sandbox/Dockerfile", ROOT, tmp_path)
    assert image.user == "10001"
    keys = ["--key", "sk-mine", "--admin-key", "sk-admin"]
    with running(image, free_port(), keys) as url:
        assert "gpt-oss:120b" in request(f"{url}/v1/models", key="sk-mine")
        with pytest.raises(urllib.error.HTTPError, match="401"):
            request(f"{url}/v1/models", key="sk-sandbox")


def test_backend_answers_after_the_steps_of_its_recipe(tmp_path, sandbox):
    pytest.importorskip("fastapi_offline", reason="requires `./run --apps`")
    image = build(ROOT / "cookbooks/fastapi/Dockerfile", ROOT, tmp_path)
    port = free_port()
    service = {"LLMAAS_BASE_URL": sandbox.base_url, "LLMAAS_API_KEY": sandbox.api_key}
    with running(image, port, APP_PORT=port, APP_HOST="127.0.0.1", **service) as url:
        body = {"model": "gpt-oss:120b", "messages": [{"role": "user", "content": "Bonjour ?"}]}
        answer = json.loads(request(f"{url}/v1/chat/completions", body))
    assert answer["choices"][0]["message"]["content"]
    assert sandbox.requests[-1].path == "/v1/chat/completions"
    assert (tmp_path / "data/ledger.sqlite").exists()
