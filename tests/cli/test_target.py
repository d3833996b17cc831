"""How the commands tell of an App that they cannot load."""

from __future__ import annotations

from pathlib import Path

import pytest

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
