"""Where things are: this repository, its exported documents, the programs beside Python,
the bookstore when served.
"""

from __future__ import annotations

import shutil
import sys
from contextlib import AbstractContextManager
from pathlib import Path

from servers import free_port, serve_process

__all__ = ["EXPORTS", "ROOT", "script", "serve_bookstore", "serve_site"]

ROOT = Path(__file__).parents[2]

# The exported documents, each with the example that it is exported from.
EXPORTS = {
    "bookstore.yaml": "examples.bookstore",
    "helpdesk.yaml": "examples.helpdesk",
    "hello.yaml": "examples/hello.py",
    "notes.yaml": "examples.notes",
    "realworld.yaml": "examples.realworld",
    "shop.yaml": "examples.shop",
    "site.yaml": "examples.site",
    "todo.yaml": "examples/todo.py",
}


def script(name: str) -> str:
    """Return the path of a program that was installed into the environment of this interpreter.

    Args:
        name: What its package calls it, such as `st`.

    Raises:
        FileNotFoundError: It is not there.
    """
    found = shutil.which(name, path=Path(sys.executable).parent)
    if found is None:
        raise FileNotFoundError(
            f"{name} is not installed beside {sys.executable}; run pip install -e '.[dev]'"
        )
    return found


def serve_bookstore(folder: Path, *, strict: bool = True) -> AbstractContextManager[str]:
    """Serve the bookstore from a process of its own, as its users do; each answer is checked
    against its contract.

    Args:
        folder: Where the database is made.
        strict: Whether what is unknown in a request is refused; the setting of that name.
    """
    port = free_port()
    return serve_process(
        [sys.executable, "-m", "restkit", "run", "examples.bookstore", "--port", str(port)],
        port=port,
        cwd=ROOT,
        environment={
            "RESTKIT_DATABASE_URL": f"sqlite:///{folder / 'bookstore.db'}",
            "RESTKIT_STRICT": str(strict),
        },
    )


def serve_site(folder: Path) -> AbstractContextManager[str]:
    """Serve the blog from a process of its own, with the database ``site.db`` of a folder."""
    port = free_port()
    return serve_process(
        [sys.executable, "-m", "restkit", "run", "examples.site", "--port", str(port)],
        port=port,
        cwd=ROOT,
        environment={"RESTKIT_DATABASE_URL": f"sqlite:///{folder / 'site.db'}"},
    )
