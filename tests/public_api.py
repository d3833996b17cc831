"""The public names with their parameters, defaults and constants, as lines of `public_api.txt`.

``python -m tests.public_api`` records them. Whoever changes one says so in the changelog.
"""

from __future__ import annotations

import importlib
import inspect
import types
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

__all__ = ["MODULES", "RECORDED", "lines"]

RECORDED = Path(__file__).with_name("public_api.txt")
MODULES = (
    "restkit",
    "restkit.client",
    "restkit.compiler",
    "restkit.crud",
    "restkit.events",
    "restkit.events.procrastinate",
    "restkit.html",
    "restkit.html.redis",
    "restkit.i18n",
    "restkit.limits",
    "restkit.limits.redis",
    "restkit.limits.redis_counters",
    "restkit.mail",
    "restkit.mcp",
    "restkit.openapi",
    "restkit.security",
    "restkit.service",
    "restkit.signals",
    "restkit.sqlalchemy",
    "restkit.sse",
    "restkit.testing",
    "restkit.versioning",
)
_CONSTANTS = (bool, int, float, str, bytes, type(None))
# What the interpreter or a base class of the standard library adds, by version.
_FOREIGN = frozenset({"with_traceback", "add_note"})


def lines() -> list[str]:
    """Return a line for each function, each constructor and method, and each constant."""
    found = (line for module in MODULES for line in _of_module(module))
    return list(dict.fromkeys(found))


def _of_module(name: str) -> Iterator[str]:
    module = importlib.import_module(name)
    for public in sorted(module.__all__):
        value = getattr(module, public)
        where = f"{name}.{public}"
        if isinstance(value, type):
            yield from _of_class(where, value)
        elif callable(value) and not isinstance(value, types.GenericAlias):
            yield from _of_function(where, value)
        elif isinstance(value, _CONSTANTS):
            yield f"{where} = {value!r}"


def _of_class(where: str, kind: type) -> Iterator[str]:
    makers = (kind.__new__, getattr(kind, "__init__"))  # noqa: B009
    if any(str(getattr(each, "__module__", "")).startswith("restkit") for each in makers):
        yield from _of_function(where, kind)
    own = [each for each in kind.__mro__ if each.__module__.startswith("restkit")]
    members = {name: value for each in reversed(own) for name, value in vars(each).items()}
    for name, value in sorted(members.items()):
        if name.startswith("_") or name in _FOREIGN:
            continue
        plain = getattr(value, "__func__", value)
        if isinstance(plain, types.FunctionType):
            yield from _of_function(f"{where}.{name}", plain)
        elif _is_constant(value):
            yield f"{where}.{name} = {_text(value)}"


def _of_function(where: str, function: object) -> Iterator[str]:
    try:
        signature = inspect.signature(function)  # type: ignore[arg-type]  # it is callable
    except ValueError:  # of a class that is made in C
        return
    parameters = ", ".join(_parts([*signature.parameters.values()]))
    yield f"{where}({parameters})"


def _parts(parameters: list[inspect.Parameter]) -> Iterator[str]:
    """Yield parameters as Python writes them, without annotations."""
    after_slash = is_keyword = False
    for each in parameters:
        if after_slash and each.kind is not each.POSITIONAL_ONLY:
            yield "/"
        after_slash = each.kind is each.POSITIONAL_ONLY
        if each.kind is each.KEYWORD_ONLY and not is_keyword:
            yield "*"
        is_keyword = is_keyword or each.kind in (each.KEYWORD_ONLY, each.VAR_POSITIONAL)
        stars = {each.VAR_POSITIONAL: "*", each.VAR_KEYWORD: "**"}.get(each.kind, "")
        default = "" if each.default is each.empty else f"={_text(each.default)}"
        yield f"{stars}{each.name}{default}"
    if after_slash:
        yield "/"


def _is_constant(value: object) -> bool:
    if isinstance(value, tuple | frozenset):
        return all(map(_is_constant, value))
    return isinstance(value, _CONSTANTS)


def _text(value: object) -> str:
    """Return a value in one spelling, that of objects without their place in memory."""
    if isinstance(value, frozenset):
        return f"{{{', '.join(sorted(map(_text, value)))}}}"
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if _is_constant(value) or value in ([], {}):
        return repr(value)
    named = value if isinstance(value, type | types.FunctionType) else type(value)
    return f"<{named.__qualname__}>"


if __name__ == "__main__":
    RECORDED.write_text("\n".join(lines()) + "\n", "utf-8")
