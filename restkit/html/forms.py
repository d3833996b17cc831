"""`Form`: the form of an operation in a template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast
from weakref import WeakKeyDictionary

from jinja2 import Environment
from markupsafe import Markup

from ..contract import Operation
from ..environ_keys import TRANSLATOR
from ..errors import DeclarationError
from ..parsing.form_members import Tree, rows_of, texts_of
from ..request import Request
from ..schemas.form_policy import METHOD_FIELD
from .csrf import CSRF_FIELD
from .environment import TemplateOwner
from .field_plans import FieldPlan, FormPlan, form_plan
from .field_texts import initial_texts
from .form_fields import FormField
from .form_operations import names_verb
from .form_windows import MOST_ERRORS, Budget, hidden_of, window_of
from .markup import Attributes, named
from .session import Session
from .session_fields import SESSION
from .templates import templates_of

__all__ = ["Form", "initial_form", "plan_of"]

_MOST_BLANK = 20
_HIDDEN = Markup('<input type="hidden" name="{}" value="{}">')
_chosen: WeakKeyDictionary[Environment, dict[tuple[str, ...], str]] = WeakKeyDictionary()


class Form:
    """The form of an operation: ``{{ form }}``, or ``{{ form.email }}`` for one field.

    ``form["errors"]`` is a field whose name is that of an attribute.

    Attributes:
        errors: The first sentences about the form as a whole.
        more_errors: How many more there are.
        submit: The text of the button.
        by_name: The fields by their names, members of objects too.
    """

    def __init__(
        self,
        plan: FormPlan,
        environment: Environment,
        request: Request,
        texts: Tree,
        asked: str = "",
        wrong: Mapping[str, int] | None = None,
        prefix: str = FormField.prefix,
    ) -> None:
        """Make the form of a request.

        Args:
            plan: Its plan.
            environment: The Jinja environment.
            request: The request.
            texts: The texts of its fields.
            asked: The name of the list that is to have another row.
            wrong: The number of the first wrong item of each list. None for a form that nobody
                sent, which is shown as a whole.
            prefix: The beginning of the ids of its fields.
        """
        self._plan = plan
        self._environment = environment
        self._request = request
        self._own: dict[str, object] = {}
        self.errors: list[str] = []
        self.more_errors = 0
        self.submit = "Send"
        self._asked = asked
        self._wrong = wrong
        self._prefix = prefix
        self._budget = Budget()
        self.by_name: dict[str, FormField] = {}
        self._fields = {
            name: self._field(each, name, texts.get(name, [])) for name, each in plan.fields.items()
        }

    def _field(self, plan: FieldPlan, path: str, node: Tree | list[str]) -> FormField:
        """Make a field with those of its members."""
        texts = texts_of(node)
        field = FormField(plan, path, texts, self._render)
        field.prefix = self._prefix
        translator = self._request.environ.get(TRANSLATOR)
        if translator is not None:
            field.label, field.help = translator.text(plan.label), translator.text(plan.help)
        field.is_patch = self._plan.operation.method == "PATCH"
        if plan.control == "rows":
            self._add_rows(field, plan, node if isinstance(node, dict) else {})
        elif plan.parts:
            tree = node if isinstance(node, dict) else {}
            field.parts = self._members(plan, path, tree, is_optional=not plan.required)
        elif plan.control == "inputs":
            self._add_items(field, plan, [each for each in texts if each])
            field.blank = self._blank(path, texts.count(""))
        self.by_name[path] = field
        return field

    def _blank(self, path: str, sent: int) -> int:
        """Return the number of empty rows of a list."""
        return min(sent + 1, _MOST_BLANK) if path == self._asked else 1

    def _add_items(self, field: FormField, plan: FieldPlan, texts: list[str]) -> None:
        """Show the inputs of a list, at most some of those that a client sent."""
        if self._wrong is None:
            return
        most = self._budget.take_items(len(texts))
        shown = window_of(len(texts), most, self._wrong.get(field.path))
        field.values = texts[shown.start : shown.stop]
        field.hidden_items = len(texts) - len(shown)
        before, after = texts[: shown.start], texts[shown.stop :]
        kept = (hidden_of(plan, field.name, each) for each in (before, after))
        field.show(shown, *kept)

    def _add_rows(self, field: FormField, plan: FieldPlan, tree: Tree) -> None:
        """Show the rows of a list, at most some of those that a client sent."""
        rows = rows_of(tree)
        blank = self._blank(field.path, len(tree) - len(rows))
        shown = range(len(rows))
        if self._wrong is not None:
            most = self._budget.take_rows(plan, rows)
            shown = window_of(len(rows), most, self._wrong.get(field.path))
        field.groups = [
            self._members(plan, f"{field.path}[{at}]", rows[at], is_optional=False) for at in shown
        ]
        field.hidden_items = len(rows) - len(shown)
        field.show(
            shown,
            self._kept(plan, field.path, rows, range(shown.start)),
            self._kept(plan, field.path, rows, range(shown.stop, len(rows))),
        )
        field.groups += [
            self._members(plan, f"{field.path}[{at}]", {}, is_optional=True)
            for at in range(len(rows), len(rows) + blank)
        ]

    def _kept(
        self, plan: FieldPlan, path: str, rows: Sequence[Tree], numbers: range
    ) -> Iterator[Markup]:
        """Yield the hidden inputs of rows that are not shown."""
        tree: Tree = {str(at): rows[at] for at in numbers}
        return hidden_of(plan, path, tree)

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
        """The attributes of the element ``form``; an error if a browser cannot send it."""
        operation = self._plan.operation
        if operation.method != "POST" and not (self._names_verb or self._is_sent_by_script):
            raise DeclarationError(
                f"{operation.declared_at} takes a form, but a browser sends forms by GET and POST "
                "alone. Write app.install(MethodOverride()), with restkit.html.MethodOverride, or "
                "take the form in a method post."
            )
        found = Attributes(method="post")
        if self._plan.enctype:
            found["enctype"] = self._plan.enctype
        if self._request.query_string and operation.input("query") is None:
            found["action"] = "?"  # the verb takes no query, and would refuse that of the page
        found.update(self._own)
        return found

    @property
    def hidden(self) -> Markup:
        """The hidden inputs: the token of the session, the method, hidden fields."""
        found = Markup()
        session = self._request.environ.get(SESSION)
        if isinstance(session, Session) and CSRF_FIELD not in self._fields:
            found += _HIDDEN.format(CSRF_FIELD, session.csrf_token)
        if self._names_verb:
            found += _HIDDEN.format(METHOD_FIELD, self._plan.operation.method)
        return found + self.hidden_fields

    @property
    def hidden_fields(self) -> Markup:
        """The fields that are not seen."""
        hidden = (each for each in self._fields.values() if each.template == "hidden")
        return Markup().join(each.control for each in hidden)

    @property
    def _names_verb(self) -> bool:
        """Whether a hidden input names the verb, which the App reads."""
        return names_verb(cast("TemplateOwner", self._request.app), self._plan.operation)

    @property
    def _is_sent_by_script(self) -> bool:
        """Whether the template gives the element attributes that say how it is sent."""
        return any(name == "method" or name.startswith("hx-") for name in self._own)

    @property
    def has_rows(self) -> bool:
        """Whether it has a button for another row of a list."""
        return any(each.template in ("rows", "inputs") for each in self.by_name.values())

    @property
    def summary(self) -> Markup:
        """The summary of all errors, with a link to each field; "" without errors."""
        return self._render(["forms/summary.html"], {"form": self})

    def add_error(self, detail: str) -> None:
        """Add an error of the form as a whole."""
        if len(self.errors) >= MOST_ERRORS:
            self.more_errors += 1
        else:
            self.errors.append(detail)

    @property
    def is_invalid(self) -> bool:
        """Whether something is wrong."""
        return bool(self.errors) or bool(self.invalid)

    @property
    def invalid(self) -> list[FormField]:
        """The fields with errors, members of objects too."""
        return [each for each in self.by_name.values() if each.errors]

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
