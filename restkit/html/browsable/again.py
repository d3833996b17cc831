"""The form that was sent, to be corrected: with the errors of the response at its fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from ...problems import InvalidItem, Problem, problem_class
from ..environment import TemplateOwner
from ..submitted_form import submitted_form
from .exchange import Received
from .sent_forms import SentForm
from .verb_forms import BODY, VerbForm, filled, hidden_of, with_text

__all__ = ["problem_of", "sent_again"]


def sent_again(sent: SentForm, action: str, received: Received | None) -> VerbForm:
    """Return the form that was sent, with its values.

    Args:
        sent: The form.
        action: The URL.
        received: The response, whose errors are at the fields; None for a form that was not sent.
    """
    operation, request = sent.operation, sent.request
    hidden = tuple(hidden_of(operation, sent.tag))
    found = VerbForm(operation, hidden=hidden, action=action, is_open=True, written=sent.headers)
    if sent.plan is None or BODY in request.form:
        return with_text(found, sent.body)
    app = cast("TemplateOwner", request.app)
    problem = None if received is None else problem_of(received)
    prefix = operation.method.lower()
    form = submitted_form(app, request, operation, problem, plan=sent.plan, prefix=prefix)
    return filled(found, form, sent.plan, sent.shown)


def problem_of(received: Received) -> Problem:
    """Return the problem of a response."""
    data = received.data()
    members = data if isinstance(data, Mapping) else {}
    errors = members.get("errors")
    found = errors if isinstance(errors, list) else []
    items = [cast("InvalidItem", each) for each in found if isinstance(each, Mapping)]
    return problem_class(received.status)(str(members.get("detail") or ""), errors=items)
