"""`submitted_form`: the form that a client sent, with the errors of a problem at its fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..contract import Operation
from ..parsing.form_members import Tree, member_path, rows_of, tree_of
from ..request import Request
from ..schemas.form_policy import ADD_FIELD
from .environment import TemplateOwner
from .field_plans import FormPlan
from .form_fields import FormField
from .form_windows import places_of
from .forms import Form, plan_of
from .templates import templates_of

if TYPE_CHECKING:
    from ..problems import InvalidItem, Problem

__all__ = ["add_errors", "submitted_form"]


def submitted_form(
    app: TemplateOwner,
    request: Request,
    operation: Operation,
    problem: Problem | None,
    *,
    plan: FormPlan | None = None,
    prefix: str = FormField.prefix,
) -> Form:
    """Return the form that a client sent, with the errors of a problem at its fields.

    Args:
        app: The App.
        request: The request.
        operation: The operation that takes the form.
        problem: The problem; None if the form asks for another row of a list.
        plan: The plan of the form, if it is not the operation's own.
        prefix: The beginning of the ids of its fields.
    """
    plan = plan_of(app, operation) if plan is None else plan
    asked = request.form.get(ADD_FIELD, "") if problem is None else ""
    texts = tree_of(request.form.items(multi=True))
    wrong = {} if problem is None else places_of(problem)
    environment = templates_of(app).environment
    form = Form(plan, environment, request, texts, _renumbered(asked, texts), wrong, prefix)
    for name in request.files:
        if name in plan.fields:
            form[name].again = plan.fields[name].control == "file"
    if problem is not None:
        add_errors(form, problem)
    return form


def _renumbered(asked: str, texts: Tree) -> str:
    """Return the name of a list under the numbers that its rows get: empty rows are left out."""
    path = member_path(asked)
    if path is None:
        return asked
    name, node = path[0], texts.get(path[0])
    for part in path[1:]:
        below = node.get(part) if isinstance(node, dict) else None
        if isinstance(node, dict) and isinstance(below, dict) and part.isdecimal():
            rows = rows_of(node)
            part = str(next((at for at, row in enumerate(rows) if row is below), len(rows)))
        name, node = f"{name}[{part}]", below
    return name


def add_errors(form: Form, problem: Problem) -> None:
    """Add the errors of a problem at the fields that its pointers and parameters name."""
    for item in problem.errors or ():
        detail = str(item.get("detail", ""))
        tokens = _tokens(item)
        field, rest = _place(form, tokens)
        if field is not None:
            field.add_error(detail, int(rest) if rest.isdecimal() and len(rest) < 7 else None)
        else:
            name = "".join(tokens[:1])
            form.add_error(f"{name:.100}: {detail}" if name else detail)
    if not problem.errors:
        form.add_error(str(problem.detail or problem.title))


def _tokens(item: InvalidItem) -> list[str]:
    """Return the names that lead to an error: those of a pointer, or that of a parameter."""
    if "parameter" in item:
        return [str(item["parameter"])]
    tokens = str(item.get("pointer", "")).split("/")[1:]
    return [each.replace("~1", "/").replace("~0", "~") for each in tokens]


def _place(form: Form, tokens: Sequence[str]) -> tuple[FormField | None, str]:
    """Return the innermost field that a pointer leads to, and the token behind it."""
    for at in range(min(len(tokens), 24), 0, -1):
        inner = "".join(f"[{each}]" for each in tokens[1:at])
        field = form.by_name.get(f"{tokens[0]}{inner}")
        if field is not None:
            return field, tokens[at] if at < len(tokens) else ""
    return None, ""
