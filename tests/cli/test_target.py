"""How the commands tell of an App that they cannot load."""

from __future__ import annotations

from pathlib import Path

import pytest

from restkit import DeclarationError

from .shops import command, invoke


@pytest.mark.parametrize("name", ["explain", "routes", "openapi", "shell", "run"])
def test_one_sentence(shop: Path, name: str) -> None:
    """A target that leads nowhere is one sentence with exit code 2, no traceback."""
    result = invoke(name, "gone:app")
    assert result.exit_code == 2
    assert result.output == f"Error: There is no module gone in {shop}.\n"


def test_real_command(shop: Path) -> None:
    """The sentence stands on standard error, with where the program failed and how to see more."""
    (shop / "broken.py").write_text("x = 1\n1 / 0\n")
    done = command("routes", "broken", cwd=shop)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        "Error: broken cannot be imported: ZeroDivisionError: division by zero "
        f"({shop}/broken.py, line 2). "
        "--traceback shows all of it.\n"
    )


def test_traceback(shop: Path) -> None:
    """With --traceback the program's own exception is shown whole."""
    (shop / "broken.py").write_text("x = 1\n1 / 0\n")
    done = command("routes", "broken", "--traceback", cwd=shop)
    assert done.returncode == 1
    assert "Traceback (most recent call last):" in done.stderr
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")


def test_mistakes_of_start_up(shop: Path) -> None:
    """A mistake that shows only when the App is composed is one sentence too."""
    (shop / "clash.py").write_text(
        "from restkit import App\napp = App('Clash')\napp.get('/a/<missing:x>')(lambda x: None)\n"
    )
    result = invoke("routes", "clash")
    assert result.exit_code == 2
    assert result.output.startswith("Error: ")
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("program", "raised"),
    [
        ("x = 1\n1 / 0\n", ZeroDivisionError),
        (
            "from restkit import App\napp = App('A')\n"
            "@app.get('/', template='no.html')\ndef page() -> dict[str, str]:\n    return {}\n",
            DeclarationError,
        ),
    ],
)
def test_a_traceback_has_the_exception_of_the_program(
    shop: Path, program: str, raised: type[Exception]
) -> None:
    """--traceback lets it through; without it there is one sentence."""
    (shop / "wrong.py").write_text(program)
    assert isinstance(invoke("routes", "wrong", "--traceback").exception, raised)
    result = invoke("routes", "wrong")
    assert result.exit_code == 2
    assert ("--traceback shows all of it." in result.output) is (raised is ZeroDivisionError)


def test_a_target_that_there_is_not_has_no_traceback_to_show(shop: Path) -> None:
    """It has no cause in the program."""
    result = invoke("routes", "gone", "--traceback")
    assert result.exit_code == 2
    assert result.output == f"Error: There is no module gone in {shop}.\n"
