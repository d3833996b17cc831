"""The Dockerfile and the CI file of a new project, run as they are but for their downloads."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
import yaml
from servers import free_port, serve_process

import restkit.sqlalchemy  # noqa: F401  # the fixture of the folder forgets other modules

from .shops import invoke

pytestmark = pytest.mark.external

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    made = invoke("new", "corner-shop", "--html", "--auth", "--db=sqlite", "--no-input")
    assert made.exit_code == 0, made.output
    return tmp_path / "corner-shop"


def run(folder: Path, command: str, **environment: str) -> None:
    """Run a line of a shell, with the tools of these tests."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    known = {"PATH": path, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        ["bash", "-ec", command],
        cwd=folder,
        env={**os.environ, **known, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_steps_of_ci_pass(project: Path) -> None:
    """Each command of the CI file runs as written; only restkit is installed already."""
    checks = yaml.safe_load((project / ".github/workflows/ci.yml").read_text("utf-8"))
    commands = [each["run"] for each in checks["jobs"]["check"]["steps"] if "run" in each]
    assert commands.pop(0) == "python -m pip install -e '.[dev]'"
    assert len(commands) == 3
    for command in commands:
        run(project, command.replace("mypy", f"mypy --cache-dir {ROOT / '.mypy_cache'}"))


def instructions(project: Path) -> Iterator[tuple[str, str]]:
    """Yield the instructions of the Dockerfile with their arguments."""
    for line in (project / "Dockerfile").read_text("utf-8").splitlines():
        name, _, words = line.partition(" ")
        yield name, words


def copy(project: Path, image: Path, words: list[str]) -> None:
    """Copy files as COPY does: into a folder, or a folder to a name."""
    *sources, target = words
    for each in sources:
        if (project / each).is_dir():
            shutil.copytree(project / each, image / target)
        else:
            shutil.copy(project / each, image / target)


def test_the_image_serves(project: Path, tmp_path: Path) -> None:
    """What the Dockerfile copies is migrated and served by its command, in production."""
    image = tmp_path / "srv"
    image.mkdir()
    command: list[str] = []
    for name, words in instructions(project):
        if name == "COPY":
            copy(project, image, shlex.split(words))
        elif name == "RUN":
            assert words.startswith("pip install --no-cache-dir '.[serve]'")
        elif name == "CMD":
            command = json.loads(words)
    examples = (project / ".env.example").read_text("utf-8").splitlines()
    names = [line.partition("=")[0] for line in examples if line and not line.startswith("#")]
    environment = {
        name: "f" * 64 if "KEY" in name else f"sqlite:///{tmp_path / 'shop.db'}" for name in names
    }
    run(image, "alembic upgrade head", **environment)
    port = free_port()
    command = [sys.executable, "-m", *command]
    command = [each.replace("0.0.0.0:8000", f"127.0.0.1:{port}") for each in command]
    environment["PYTHONPATH"] = str(ROOT)
    with serve_process(command, port=port, cwd=image, environment=environment) as url:
        with urlopen(Request(f"{url}/", headers={"Accept": "text/html"})) as page:
            assert page.url == f"{url}/login?next=%2F"
            text = page.read().decode()
        style = text.partition('rel="stylesheet" href="')[2].partition('"')[0]
        with urlopen(f"{url}{style}") as file:
            assert file.headers["Content-Type"] == "text/css; charset=utf-8"
