"""The form of the query parameters of a URL: filters, sort orders, pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast
from weakref import WeakKeyDictionary

from ...contract import Operation
from ...parsing.form_members import tree_of
from ...request import Request
from ..environment import TemplateOwner
from ..field_plans import FieldPlan, FormPlan, schema_plan
from ..forms import Form
from ..submitted_form import add_errors
from ..templates import templates_of
from .again import problem_of
from .asking import query_pairs
from .exchange import Received

__all__ = ["query_form"]

# A cursor belongs to one order and to one set of filters, which the form may change.
_UNKEPT = frozenset({"cursor"})
_plans: WeakKeyDictionary[object, dict[tuple[object, str], FormPlan]] = WeakKeyDictionary()


def query_form(request: Request, received: Received) -> Form | None:
    """Return the form of the query parameters of a request, None if it takes none.

    Args:
        request: The request, whose values are in the form.
        received: Its response, whose errors are at the fields.
    """
    operation: Operation | None = request.operation
    taken = None if operation is None else operation.input("query")
    if operation is None or taken is None:
        return None
    app = cast("TemplateOwner", request.app)
    known = _plans.setdefault(app, {})
    key = (operation.resource, operation.method)
    if key not in known:
        made = schema_plan(operation, taken.bound)
        known[key] = made._replace(
            fields={name: _chosen(each) for name, each in made.fields.items()}
        )
    given = query_pairs(request.environ.get("QUERY_STRING", ""))
    pairs = [each for each in given if each[0] not in _UNKEPT]
    environment = templates_of(app).environment
    plan = _with_texts(known[key], dict(pairs))
    form = Form(plan, environment, request, tree_of(pairs), prefix="query")
    if received.status in (400, 422):
        add_errors(form, problem_of(received))
    return form


def _with_texts(form: FormPlan, given: Mapping[str, str]) -> FormPlan:
    """Return a plan in which a list in one text, with several choices, is a text."""
    several = {
        name: each._replace(control="input", choices=None)
        for name, each in form.fields.items()
        if each.delimiter and each.delimiter in given.get(name, "")
    }
    return form._replace(fields={**form.fields, **several}) if several else form


def _chosen(plan: FieldPlan) -> FieldPlan:
    """Return a plan in which a Boolean may also be left out."""
    if plan.control != "checkbox":
        return plan
    return plan._replace(control="select", choices=lambda: (("true", "Yes"), ("false", "No")))
