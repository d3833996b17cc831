"""Templates of a test, in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from restkit.html import Templates

MakeTemplates = Callable[..., Templates]


@pytest.fixture
def templates(tmp_path: Path) -> MakeTemplates:
    """Return a function of file names and sources that makes Templates of them."""

    def make(sources: dict[str, str], **options: str) -> Templates:
        for name, source in sources.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(source, "utf-8")
        return Templates(tmp_path, **options)

    return make
