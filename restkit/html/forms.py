"""`Form`: the form of an operation in a template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from jinja2 import Environment
from markupsafe import Markup

from ..contract import Operation
from ..request import Request
from ..schemas.form_policy import ADD_FIELD
from .csrf import CSRF_FIELD
from .environment import TemplateOwner
from .field_plans import FormPlan, form_plan
from .field_texts import initial_texts
from .form_fields import FormField
from .markup import Attributes, named
from .session import Session
from .session_fields import SESSION
from .templates import templates_of

if TYPE_CHECKING:
    from ..problems import Problem

__all__ = ["Form", "initial_form", "submitted_form"]

_HIDDEN = Markup('<input type="hidden" name="{}" value="{}">')
_chosen: WeakKeyDictionary[Environment, dict[tuple[str, ...], str]] = WeakKeyDictionary()


class Form:
    """The form of an operation: ``{{ form }}``, or ``{{ form.email }}`` for one field.

    ``form["errors"]`` is a field whose name is that of an attribute.

    Attributes:
        errors: The sentences about the form as a whole.
        submit: The text of the button.
    """

    def __init__(
        self,
        plan: FormPlan,
        environment: Environment,
        request: Request,
        texts: Mapping[str, Sequence[str]],
    ) -> None:
        """Make the form of a request, with the texts of its fields."""
        self._plan = plan
        self._environment = environment
        self._request = request
        self._own: dict[str, object] = {}
        self.errors: list[str] = []
        self.submit = "Send"
        self._fields = {
            name: FormField(each, texts.get(name, ()), (), self._render)
            for name, each in plan.fields.items()
        }
        for field in self._fields.values():
            field.is_patch = plan.operation.method == "PATCH"

    def __call__(self, *, submit: str | None = None, **attributes: object) -> Form:
        """Return the form with other attributes: ``{{ form(class_="wide", submit="Save") }}``.

        Args:
            submit: The text of the button.
            attributes: Attributes of the element; ``class_`` is class.
        """
        made = Form(self._plan, self._environment, self._request, {})
        made.__dict__.update(self.__dict__)
        made._own = {**self._own, **named(attributes)}
        made.submit = self.submit if submit is None else submit
        return made

    def __getattr__(self, name: str) -> FormField:
        if name.startswith("__") or name not in self.__dict__.get("_fields", ()):
            raise AttributeError(f"The form has no field {name!r}.")
        return self._fields[name]

    def __getitem__(self, name: str) -> FormField:
        return self._fields[name]

    def __iter__(self) -> Iterator[FormField]:
        """Iterate over the fields that are seen."""
        return (each for each in self._fields.values() if each.template != "hidden")

    def __len__(self) -> int:
        return len(self._fields)

    def __html__(self) -> str:
        return self._render(["forms/form.html"], {"form": self})

    def __str__(self) -> str:
        return self.__html__()

    @property
    def attributes(self) -> Attributes:
        """The attributes of the element ``form``."""
        found = Attributes(method="post")
        if self._plan.enctype:
            found["enctype"] = self._plan.enctype
        found.update(self._own)
        return found

    @property
    def hidden(self) -> Markup:
        """The hidden inputs: the token of the session, the method, hidden fields."""
        found = Markup()
        session = self._request.environ.get(SESSION)
        if isinstance(session, Session) and CSRF_FIELD not in self._fields:
            found += _HIDDEN.format(CSRF_FIELD, session.csrf_token)
        method = self._plan.operation.method
        if method != "POST":
            found += _HIDDEN.format("_method", method)
        for each in self._fields.values():
            if each.template == "hidden":
                found += each.control
        return found

    @property
    def summary(self) -> Markup:
        """What is wrong, with a link to each field; nothing if nothing is."""
        return self._render(["forms/summary.html"], {"form": self})

    @property
    def is_invalid(self) -> bool:
        """Whether something is wrong."""
        return bool(self.errors) or any(each.errors for each in self._fields.values())

    def _render(self, names: Sequence[str], context: Mapping[str, object]) -> Markup:
        environment = self._environment
        known = _chosen.setdefault(environment, {})
        key = tuple(names)
        name = known.get(key)
        template = environment.get_template(name) if name else environment.select_template(names)
        if name is None and not environment.auto_reload:
            known[key] = str(template.name)
        return Markup(template.render(context))  # noqa: S704  # a template that escapes


_plans: WeakKeyDictionary[object, dict[tuple[object, str], FormPlan]] = WeakKeyDictionary()


def plan_of(app: TemplateOwner, operation: Operation) -> FormPlan:
    """Return the plan of the form that an operation takes, made once."""
    known = _plans.setdefault(app, {})
    key = (operation.resource, operation.method)
    if key not in known:
        known[key] = form_plan(operation)
    return known[key]


def initial_form(
    app: TemplateOwner, request: Request, operation: Operation, values: object = None
) -> Form:
    """Return the form of an operation with the values of an object, and defaults for the others."""
    plan = plan_of(app, operation)
    environment = templates_of(app).environment
    return Form(plan, environment, request, initial_texts(plan, values))


def submitted_form(
    app: TemplateOwner, request: Request, operation: Operation, problem: Problem
) -> Form:
    """Return the form that a client sent, with the errors of a problem at its fields."""
    plan = plan_of(app, operation)
    sent = request.form
    texts = {name: sent.getlist(name) for name in plan.fields}
    form = Form(plan, templates_of(app).environment, request, texts)
    for name in request.files:
        if name in plan.fields:
            form[name].again = plan.fields[name].control == "file"
    asked = sent.get(ADD_FIELD)
    if asked is not None:
        if asked in plan.fields and "" in texts[asked]:
            form[asked].blank = 2
        return form
    _add_errors(form, problem)
    return form


def _add_errors(form: Form, problem: Problem) -> None:
    for item in problem.errors or ():
        detail = str(item.get("detail", ""))
        tokens = str(item.get("pointer", "")).split("/")[1:]
        name = tokens[0].replace("~1", "/").replace("~0", "~") if tokens else ""
        if name in form._fields:
            place = f"Item {int(tokens[1]) + 1}: " if tokens[1:] and tokens[1].isdecimal() else ""
            form[name].errors.append(f"{place}{detail}")
        else:
            parameter = str(item.get("parameter", "") or name)
            form.errors.append(f"{parameter}: {detail}" if parameter else detail)
    if not problem.errors:
        form.errors.append(str(problem.detail or problem.title))
