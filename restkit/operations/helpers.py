"""The helpers that a verb calls, whose problems (`raises`) are problems of the verb too."""

from __future__ import annotations

import types
from collections.abc import Iterator

from ..contract import Failure
from ..declarations import DeclaredMethod, plain_function

__all__ = ["helper_failures"]


_CALLED = (DeclaredMethod, types.FunctionType)


def helper_failures(function: object, holder: type) -> list[Failure]:
    """Return the problems that the helpers of a verb declare, each once.

    A helper is a method of the class, or a function of the verb's module, whose name occurs in the
    verb's code, or in the code of another helper.

    Args:
        function: The verb.
        holder: Its class.
    """
    found: dict[int, Failure] = {}
    seen: set[int] = set()
    pending = [plain_function(function)]
    while pending:
        each = pending.pop()
        if not isinstance(each, types.FunctionType) or id(each) in seen:
            continue
        seen.add(id(each))
        for helper in _named(each, holder):
            if isinstance(helper, DeclaredMethod):
                found.update((id(failure), failure) for failure in helper.declarations.raises)
            pending.append(plain_function(helper))
    return list(found.values())


def _named(function: types.FunctionType, holder: type) -> Iterator[object]:
    """Yield the methods and functions of the module that a function's code names."""
    module = function.__globals__
    for code in _codes(function.__code__):
        for name in code.co_names:
            member = _member(holder, name)
            if member is not None:
                # `self.session` of a class is not the function `session` of its module.
                yield from [member] if isinstance(member, _CALLED) else []
                continue
            found = module.get(name)
            is_own = getattr(found, "__module__", None) == function.__module__
            if isinstance(found, DeclaredMethod) or (
                is_own and isinstance(found, types.FunctionType)
            ):
                yield found
    for cell in function.__closure__ or ():
        if (inside := _content(cell)) is not None:
            yield inside


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for each in code.co_consts:
        if isinstance(each, types.CodeType):
            yield from _codes(each)


def _member(holder: type, name: str) -> object:
    for base in holder.__mro__:
        if name in vars(base):
            member = vars(base)[name]
            return member.__func__ if isinstance(member, (staticmethod, classmethod)) else member
    return None


def _content(cell: types.CellType) -> object:
    try:
        found = cell.cell_contents
    except ValueError:  # not assigned yet
        return None
    return found if isinstance(found, (DeclaredMethod, types.FunctionType)) else None
