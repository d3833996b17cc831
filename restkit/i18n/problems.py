"""Problems in the language of a client."""

from __future__ import annotations

from typing import cast

from ..problem_members import MAX_ERRORS, InvalidItem
from ..problems import Problem
from .catalogs import Catalog

__all__ = ["translated_problem"]


def translated_problem(problem: Problem, catalog: Catalog) -> Problem:
    """Return a problem with title, detail and errors in another language.

    The problem itself may be raised again for another client, so it stays as it is.
    """
    kind = type(problem)
    made = kind.__new__(kind)
    made.__dict__.update(problem.__dict__)
    made.args = problem.args
    vars(made)["title"] = catalog.text(problem.title)
    if problem.detail is not None:
        made.detail = catalog.text(str(problem.detail))
    made.errors = [_translated_item(each, catalog) for each in problem.errors[:MAX_ERRORS]]
    made.errors += problem.errors[MAX_ERRORS:]
    return made


def _translated_item(item: InvalidItem, catalog: Catalog) -> InvalidItem:
    detail = catalog.text(str(item.get("detail", "")), str(item.get("code", "")))
    return cast("InvalidItem", {**item, "detail": detail})
