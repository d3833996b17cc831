"""`Form`: the form of an operation in a template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from jinja2 import Environment
from markupsafe import Markup

from ..contract import Operation
from ..parsing.form_members import Tree, rows_of, tree_of
from ..request import Request
from ..schemas.form_policy import ADD_FIELD
from .csrf import CSRF_FIELD
from .environment import TemplateOwner
from .field_plans import FieldPlan, FormPlan, form_plan
from .field_texts import initial_texts
from .form_fields import FormField
from .markup import Attributes, named
from .session import Session
from .session_fields import SESSION
from .templates import templates_of

if TYPE_CHECKING:
    from ..problems import Problem

__all__ = ["Form", "initial_form", "plan_of", "submitted_form"]

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
        texts: Tree,
        asked: str | None = None,
    ) -> None:
        """Make the form of a request.

        Args:
            plan: Its plan.
            environment: The Jinja environment.
            request: The request.
            texts: The texts of its fields.
            asked: The name of the list that is to have another row.
        """
        self._plan = plan
        self._environment = environment
        self._request = request
        self._own: dict[str, object] = {}
        self.errors: list[str] = []
        self.submit = "Send"
        self._asked = asked
        self._by_name: dict[str, FormField] = {}
        self._fields = {
            name: self._field(each, name, texts.get(name, [])) for name, each in plan.fields.items()
        }

    def _field(self, plan: FieldPlan, name: str, node: Tree | list[str]) -> FormField:
        """Make a field with those of its members."""
        field = FormField(plan, name, node if isinstance(node, list) else (), self._render)
        field.is_patch = self._plan.operation.method == "PATCH"
        tree = node if isinstance(node, dict) else {}
        if name == self._asked and _has_blank(node):
            field.blank = 2
        if plan.control == "rows":
            rows = [*rows_of(tree), *[{}] * field.blank]
            filled = len(rows) - field.blank
            field.groups = [
                self._members(plan, f"{name}[{at}]", row, is_optional=at >= filled)
                for at, row in enumerate(rows)
            ]
        elif plan.parts:
            field.parts = self._members(plan, name, tree, is_optional=not plan.required)
        self._by_name[name] = field
        return field

    def _members(
        self, plan: FieldPlan, name: str, tree: Tree, *, is_optional: bool
    ) -> list[FormField]:
        found = [
            self._field(each, f"{name}[{each.name}]", tree.get(each.name, []))
            for each in plan.parts
        ]
        for each in found if is_optional else ():
            each.required = False  # an object that nobody fills in is none
        return found

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
        return bool(self.errors) or bool(self.invalid)

    @property
    def invalid(self) -> list[FormField]:
        """The fields with errors, members of objects too."""
        return [each for each in self._by_name.values() if each.errors]

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
    asked = request.form.get(ADD_FIELD)
    texts = tree_of(request.form.items(multi=True))
    form = Form(plan, templates_of(app).environment, request, texts, asked)
    for name in request.files:
        if name in plan.fields:
            form[name].again = plan.fields[name].control == "file"
    if asked is None:
        _add_errors(form, problem)
    return form


def _has_blank(node: Tree | list[str]) -> bool:
    return "" in node if isinstance(node, list) else len(node) > len(rows_of(node))


def _add_errors(form: Form, problem: Problem) -> None:
    for item in problem.errors or ():
        detail = str(item.get("detail", ""))
        tokens = str(item.get("pointer", "")).split("/")[1:]
        field, rest = _place(form, [each.replace("~1", "/").replace("~0", "~") for each in tokens])
        if field is not None:
            place = f"Item {int(rest) + 1}: " if rest.isdecimal() else ""
            field.errors.append(f"{place}{detail}")
        else:
            parameter = str(item.get("parameter") or "".join(tokens[:1]))
            form.errors.append(f"{parameter}: {detail}" if parameter else detail)
    if not problem.errors:
        form.errors.append(str(problem.detail or problem.title))


def _place(form: Form, tokens: Sequence[str]) -> tuple[FormField | None, str]:
    """Return the innermost field that a pointer leads to, and the token behind it."""
    for at in range(len(tokens), 0, -1):
        inner = "".join(f"[{each}]" for each in tokens[1:at])
        field = form._by_name.get(f"{tokens[0]}{inner}")
        if field is not None:
            return field, tokens[at] if at < len(tokens) else ""
    return None, ""
