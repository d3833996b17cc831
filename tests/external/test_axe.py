"""The check of pages by axe-core itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser import browse

from .axe import axe_violations

pytestmark = pytest.mark.external

PAGE = """<!DOCTYPE html>
<html lang="en"><head><title>Page</title></head>
<body><main><h1>Page</h1><p%s>Text</p></main></body></html>
"""


def test_axe_finds_what_is_wrong_and_nothing_else(tmp_path: Path) -> None:
    """A page that is right has no violation; grey text on white has one, with its element."""
    right, wrong = tmp_path / "right.html", tmp_path / "wrong.html"
    right.write_text(PAGE % "")
    wrong.write_text(PAGE % ' style="color: #ccc; background: #fff"')
    with browse() as browser:
        browser.open(right.as_uri())
        assert axe_violations(browser) == []
        browser.open(wrong.as_uri())
        [found] = axe_violations(browser)
    assert found.startswith("color-contrast: <p style=")
