"""Functions that a worker runs, by their import path, and their arguments as JSON."""

from __future__ import annotations

import inspect
import json
import math
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from ..declaration_checks import check_plain
from ..errors import CollisionError, DeclarationError

__all__ = ["Task", "arguments_json", "declared_tasks", "is_json", "takes_app", "task_path"]

Task = Callable[..., object]
"""A function that a worker runs."""
_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
_LONGEST = 255
_DEEPEST = 64
_unstorable = re.compile("[\0\ud800-\udfff]")  # what PostgreSQL or UTF-8 cannot hold


def declared_tasks(tasks: object, declared_at: str) -> dict[str, Task]:
    """Return functions by their import paths.

    Args:
        tasks: A list of functions.
        declared_at: The name of the declaration, for messages.

    Raises:
        DeclarationError: One of them is not a function that another process can import.
    """
    if not isinstance(tasks, Iterable) or isinstance(tasks, (str, bytes)):
        raise DeclarationError(
            f"{declared_at} must be a list of functions, got {tasks!r:.80}. Write [send_mail]."
        )
    found: dict[str, Task] = {}
    for each in tasks:
        if not callable(each):
            raise DeclarationError(
                f"{declared_at} must be a list of functions, got {each!r:.80}. Write [send_mail]."
            )
        path = task_path(each, declared_at)
        _check_app(each, path, declared_at)
        if found.setdefault(path, each) is not each:
            raise CollisionError(f"{declared_at}: two functions have the import path {path!r}.")
    return found


def _check_app(task: Task, path: str, declared_at: str) -> None:
    """Reject a parameter ``app`` that cannot be passed by its name."""
    found = inspect.signature(task).parameters.get("app")
    if found is not None and found.kind is inspect.Parameter.POSITIONAL_ONLY:
        raise DeclarationError(
            f"{declared_at}: {path} has the positional-only parameter 'app', but a worker passes "
            "the App by name. Write the '/' before it, or give the parameter another name."
        )


def task_path(task: Task, declared_at: str) -> str:
    """Return the import path of a function: ``shop.mails:send_receipt``.

    Raises:
        DeclarationError: Another process could not import it.
    """
    check_plain(task, f"{declared_at}: {getattr(task, '__qualname__', repr(task))}")
    module, name = str(getattr(task, "__module__", "")), str(getattr(task, "__qualname__", ""))
    found: object = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    if found is not task:
        raise DeclarationError(
            f"{declared_at} has {task!r:.120}, which a worker cannot import by its name. Write a "
            "function at the top of a module; a lambda, a method of an object and an inner "
            "function have no import path."
        )
    path = f"{_imported(module)}:{name}"
    if len(path) > _LONGEST:
        raise DeclarationError(f"{declared_at}: the import path {path:.80}... is too long.")
    return path


def _imported(module: str) -> str:
    """Return the name by which a worker imports a module that may be the program itself."""
    if module != "__main__":
        return module
    main = sys.modules[module]
    spec = getattr(main, "__spec__", None)
    return spec.name if spec is not None else Path(getattr(main, "__file__", "app.py")).stem


def takes_app(task: Task) -> bool:
    """Return whether a worker passes its App to a function: the parameter is called ``app``."""
    found = inspect.signature(task).parameters.get("app")
    return found is not None and found.kind in _BY_NAME


def arguments_json(
    task: Task, args: Sequence[object], kwargs: Mapping[str, object], name: str
) -> str:
    """Return the arguments of a call as JSON.

    Args:
        task: The function.
        args: The arguments by position.
        kwargs: The arguments by name.
        name: The name of the function, for messages.

    Raises:
        DeclarationError: The function does not take them, or one is not a JSON value.
    """
    own = {"app": None} if takes_app(task) else {}
    try:
        inspect.signature(task).bind(*args, **kwargs, **own)
    except TypeError as error:
        hint = " The worker passes 'app': make it the last parameter." if own else ""
        raise DeclarationError(
            f"enqueue({name}, ...) does not fit its parameters: {error}.{hint}"
        ) from None
    for label, value in (*enumerate(args, 1), *kwargs.items()):
        if not is_json(value):
            raise DeclarationError(
                f"enqueue({name}, ...) got {type(value).__name__} as the argument {label}, which "
                "is not a JSON value. Pass the id of a row, texts, numbers, lists and dicts."
            )
    return json.dumps({"args": list(args), "kwargs": dict(kwargs)}, ensure_ascii=False)


def is_json(value: object, depth: int = 0) -> bool:
    """Return whether a value is the same after a round trip through JSON."""
    if depth > _DEEPEST:
        return False
    if type(value) is list:
        return all(is_json(each, depth + 1) for each in value)
    if type(value) is dict:
        has_names = all(type(name) is str for name in value)
        return has_names and is_json([*value, *value.values()], depth)
    if type(value) is float:
        return math.isfinite(value)
    if type(value) is str:
        return _unstorable.search(value) is None
    return value is None or type(value) in (bool, int)
