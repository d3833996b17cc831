"""The forms by which a page sends the other verbs of its URL."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from ...contract import Input, Operation
from ...media import JSON
from ...openapi.operation_words import sentence_of
from ...records import Record
from ...request import Request
from ...schemas.form_policy import METHOD_FIELD
from ..csrf import CSRF_FIELD
from ..environment import TemplateOwner
from ..field_plans import FormPlan, schema_plan
from ..field_texts import initial_texts, serialized_texts
from ..form_operations import form_inputs
from ..forms import Form, plan_of
from ..templates import templates_of
from .asking import TAG, with_parameter
from .request_headers import HeaderField, header_fields

if TYPE_CHECKING:
    from ...parsing.form_members import Tree

__all__ = [
    "BODY",
    "OWN_FIELDS",
    "PREVIEW",
    "SHOWN",
    "TYPE",
    "VerbForm",
    "body_plan",
    "filled",
    "hidden_of",
    "summary_of",
    "verb_form",
    "with_form",
    "with_text",
]

SHOWN, PREVIEW = "_shown", "_preview"
"""The fields of a form: what the form was filled with, the button of a preview."""
BODY, TYPE = "_body", "_type"
"""The fields of a form that sends its content as text."""

OWN_FIELDS = frozenset({TAG, SHOWN, PREVIEW, BODY, TYPE, METHOD_FIELD, CSRF_FIELD})
"""The fields of forms that are not those of the content."""
_MOST_SHOWN = 100_000
_plans: WeakKeyDictionary[object, dict[tuple[object, str], FormPlan | None]] = WeakKeyDictionary()


class VerbForm(Record):
    """The form of a verb.

    Attributes:
        operation: The Operation.
        form: Its fields, None for content that is sent as text, or for none.
        media_types: The media types of content that is sent as text, () without content.
        text: That content.
        hidden: The names and values of hidden inputs.
        enctype: The media type of the form, "" for the default.
        action: The URL.
        is_open: Whether it is shown at once.
        written: The request headers that were written.
    """

    operation: Operation
    form: Form | None = None
    media_types: Sequence[str] = ()
    text: str = ""
    hidden: Sequence[tuple[str, str]] = ()
    enctype: str = ""
    action: str = ""
    is_open: bool = False
    written: Mapping[str, str] = MappingProxyType({})

    @property
    def headers(self) -> list[HeaderField]:
        """The request headers that may be written; beside files nothing else may be sent."""
        if self.enctype:
            return []
        return header_fields(self.operation, self.written, self.operation.method.lower())

    @property
    def summary(self) -> str:
        """The summary of the verb."""
        return summary_of(self.operation)


def summary_of(operation: Operation) -> str:
    """Return the summary of an Operation, or its operationId as a sentence."""
    return str(operation.summary) or sentence_of(operation.operation_id)


def body_plan(app: TemplateOwner, operation: Operation) -> FormPlan | None:
    """Return the plan of the form of an Operation, None if it takes no object with fields."""
    known = _plans.setdefault(app, {})
    key = (operation.resource, operation.method)
    if key not in known:
        known[key] = _plan(app, operation)
    return known[key]


def _plan(app: TemplateOwner, operation: Operation) -> FormPlan | None:
    if form_inputs(operation):
        return plan_of(app, operation)
    body = _json_body(operation)
    if body is None or body.bound.many:
        return None
    if not body.bound.load_fields or body.bound.load_fields.keys() & OWN_FIELDS:
        return None
    return schema_plan(operation, body.bound)


def _json_body(operation: Operation) -> Input | None:
    """Return the content that is JSON with a schema."""
    bodies = (each for each in operation.inputs if each.location == "body" and each.schema)
    return next((each for each in bodies if any(map(_is_json, each.media_types))), None)


def _is_json(media_type: str) -> bool:
    return media_type == JSON or media_type.endswith("+json")


def verb_form(
    app: TemplateOwner,
    request: Request,
    operation: Operation,
    action: str,
    data: object,
    tag: str,
) -> VerbForm:
    """Return the form of a verb, filled with the representation that the page shows.

    Args:
        app: The App.
        request: The request of the page.
        operation: The Operation of the verb.
        action: The URL.
        data: The representation, None for an empty form.
        tag: The entity tag of the representation, "" without one.
    """
    plan = body_plan(app, operation)
    shown = data if isinstance(data, Mapping) and operation.method in ("PUT", "PATCH") else None
    is_guarded = bool(tag) and operation.method != "POST" and bool(operation.conditional)
    found = VerbForm(
        operation, hidden=hidden_of(operation, tag if is_guarded else ""), action=action
    )
    if plan is None:
        return with_text(found, json.dumps(data, indent=2) if shown is not None else "")
    return with_form(found, app, request, plan, _texts(plan, shown), shown)


def _texts(plan: FormPlan, shown: Mapping[str, object] | None) -> Tree:
    return initial_texts(plan, None) if shown is None else serialized_texts(plan, shown)


def with_text(found: VerbForm, text: str) -> VerbForm:
    """Return a form whose content is a text."""
    types = [each for body in found.operation.inputs for each in body.media_types]
    return found._replace(media_types=tuple(dict.fromkeys(types)), text=text)


def with_form(
    found: VerbForm,
    app: TemplateOwner,
    request: Request,
    plan: FormPlan,
    texts: Tree,
    shown: Mapping[str, object] | None,
) -> VerbForm:
    """Return a form with fields."""
    environment = templates_of(app).environment
    prefix = plan.operation.method.lower()
    form = Form(plan, environment, request, texts, prefix=prefix)
    return filled(found, form, plan, shown)


def filled(
    found: VerbForm, form: Form, plan: FormPlan, shown: Mapping[str, object] | None
) -> VerbForm:
    """Return a form with its fields, and with the object that they were filled with."""
    if form_inputs(found.operation):
        return _native(found._replace(form=form, enctype=plan.enctype))
    if shown is None:
        return found._replace(form=form)
    kept = {name: each for name, each in shown.items() if name in plan.fields}
    text = json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
    if len(text) > _MOST_SHOWN:
        return with_text(found, json.dumps(kept, ensure_ascii=False, indent=2))
    return found._replace(form=form, hidden=(*found.hidden, (SHOWN, text)))


def _native(found: VerbForm) -> VerbForm:
    """Return a form that is sent on as it is, so that nothing else may be in content with files."""
    tag = dict(found.hidden).get(TAG)
    if not found.enctype or tag is None:
        return found
    hidden = tuple(each for each in found.hidden if each[0] != TAG)
    return found._replace(hidden=hidden, action=with_parameter(found.action, TAG, tag))


def hidden_of(operation: Operation, tag: str) -> list[tuple[str, str]]:
    """Return the hidden inputs of a form: its verb and the entity tag."""
    found = [] if operation.method == "POST" else [(METHOD_FIELD, operation.method)]
    return [*found, (TAG, tag)] if tag else found
