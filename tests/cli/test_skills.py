"""``restkit skills``: the skills are short, and their programs run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import restkit

from .shops import invoke

_FOLDER = Path(restkit.__file__).parent / "cli" / "agent_skills"
_NAMES = ("restkit-collection", "restkit-resource", "restkit-test")
_BLOCK = re.compile(r'^```python title="([\w.]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)

# What a skill without a test of its own is asked here.
_ASKED = {
    "restkit-resource": """
from shelf import app
from restkit.testing import Client

def test_it():
    client = Client(app)
    assert client.post("/books", json={"title": "Emma", "year": 1815}).status == 201
    assert client.post("/books", json={"title": "Emma"}).status == 409
    assert client.get("/books", query={"year": 1816}).json == []
    assert client.get("/books/1").json["title"] == "Emma"
    assert client.delete("/books/1").status == 204
    assert client.get("/books/1").status == 404
    assert client.get("/books", query={"colour": "red"}).status == 422
""",
    "restkit-collection": """
from library import app
from restkit.testing import Client

def test_it():
    with app:
        client = Client(app)
        made = client.post("/books", json={"title": "Emma", "year": 1815})
        assert made.status == 201
        assert client.get("/books", query={"year__lt": 1900}).json["items"][0]["title"] == "Emma"
        assert client.delete("/books/1").status == 409
        changed = client.patch("/books/1", json={"year": 1999})
        assert changed.status == 200
        assert client.delete("/books/1").status == 204
""",
    "restkit-test": "",
}


@pytest.mark.parametrize("name", _NAMES)
def test_programs_run(name: str, tmp_path: Path) -> None:
    """Each program of a skill runs, and each of its tests passes, without a warning."""
    blocks = _BLOCK.findall((_FOLDER / name / "SKILL.md").read_text("utf-8"))
    assert blocks
    for title, program in blocks:
        (tmp_path / title).write_text(program, "utf-8")
    if _ASKED[name]:
        (tmp_path / "test_asked.py").write_text(_ASKED[name], "utf-8")
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-W",
            "error",
            str(tmp_path),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(r"\d passed", ran.stdout)


def test_skills_have_the_usual_form() -> None:
    """Each has its name and a description, and is short enough to be read in each turn."""
    found = {each.parent.name: each.read_text("utf-8") for each in _FOLDER.glob("*/SKILL.md")}
    assert tuple(sorted(found)) == _NAMES
    heads = {
        name: re.match(r"---\nname: ([a-z-]{1,64})\ndescription: (.{20,1024})\n---\n", text)
        for name, text in found.items()
    }
    assert {name: head and head[1] for name, head in heads.items()} == {n: n for n in _NAMES}
    assert max(len(text) for text in found.values()) < 5000
    fences = [
        line for text in found.values() for line in text.splitlines() if line.startswith("```")
    ]
    python = [line for line in fences if line.startswith("```python")]
    assert len(fences) == 2 * len(python)
    assert all("title=" in line for line in python)


def test_commands_that_skills_name_exist() -> None:
    """A command of restkit that a skill names is one."""
    texts = [each.read_text("utf-8") for each in _FOLDER.glob("*/SKILL.md")]
    named = {name for text in texts for name in re.findall(r"`restkit ([a-z]+)", text)}
    assert named == {"routes", "explain", "openapi", "verify"}
    codes = [invoke(name, "--help").exit_code for name in sorted(named)]
    assert codes == [0] * 4


def test_they_are_listed_and_printed() -> None:
    """Without a name the names and descriptions, with names the texts."""
    listed = invoke("skills")
    assert listed.exit_code == 0
    assert [line for line in listed.output.splitlines() if line[:1] != " "] == [*_NAMES]
    printed = invoke("skills", "restkit-test", "restkit-resource").output
    assert printed.index("# Test an App") < printed.index("# Write a resource")


def test_they_are_copied(tmp_path: Path) -> None:
    """A file for each; what was changed is kept, unless it may be replaced."""
    folder = tmp_path / ".claude" / "skills"
    assert invoke("skills", "--copy", str(folder)).exit_code == 0
    assert sorted(each.parent.name for each in folder.glob("*/SKILL.md")) == [*_NAMES]
    assert invoke("skills", "--copy", str(folder)).exit_code == 0
    own = folder / "restkit-test" / "SKILL.md"
    own.write_text("mine", "utf-8")
    refused = invoke("skills", "--copy", str(folder))
    assert refused.exit_code == 2
    assert "--force" in refused.output
    assert own.read_text("utf-8") == "mine"
    assert invoke("skills", "restkit-resource", "--copy", str(folder)).exit_code == 0
    assert invoke("skills", "--copy", str(folder), "--force").exit_code == 0
    assert own.read_text("utf-8").startswith("---\nname: restkit-test\n")


def test_mistakes(tmp_path: Path) -> None:
    """An unknown name, and a folder that cannot be made, are one sentence."""
    unknown = invoke("skills", "restkit-tests")
    assert unknown.exit_code == 2
    assert "The skills: restkit-collection, restkit-resource, restkit-test." in unknown.output
    file = tmp_path / "file"
    file.write_text("")
    inside = invoke("skills", "--copy", str(file / "x"))
    assert inside.exit_code == 2
    assert "cannot be copied" in inside.output
