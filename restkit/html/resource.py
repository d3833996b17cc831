"""`HTMLResource`: a resource whose methods return the context of a template."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from ..declaration_checks import check_flag, check_text
from ..errors import DeclarationError
from ..page import Page
from ..resource import FunctionResource, Owner, Resource, function_resource
from .environment import TemplateOwner
from .form_operations import form_operation
from .templates import templates_of

if TYPE_CHECKING:
    from .forms import Form

__all__ = ["HTMLResource", "function_page"]


class HTMLResource(Resource):
    """A Resource whose verbs return the context of a template.

    ::

        class BookPage(HTMLResource):
            template = "book.html"

            def get(self, book_id: int) -> dict[str, object]:
                return {"book": find(book_id)}

    A mapping that a verb returns is the context. Another value is ``item`` in the template, a list
    ``items``. With ``schema``, the same URL responds with JSON: Accept chooses, and JSON is the
    default.

    Attributes:
        template: The template of the verbs that declare none with `returns`; ``templates`` beside
            the module has it, or a folder of the App's `Templates`.
        block: The block of the template that is the content; the whole template by default.
        streamed: Whether pages are sent while they are rendered. Provided values are closed, and
            transactions committed, before the first byte: the template reads loaded data.
    """

    template: ClassVar[str | None] = None
    block: ClassVar[str] = ""
    streamed: ClassVar[bool] = False

    _hooks: ClassVar[Sequence[str]] = ("context",)

    def context(self) -> Mapping[str, object]:
        """Return the context that all pages of the class share.

        Override it. The mapping that a verb returns wins.
        """
        return {}

    def form(self, values: object = None) -> Form:
        """Return the form of this URL, for the template: ``return {"form": self.form(book)}``.

        Args:
            values: An object or a mapping that has the values; the defaults of the fields by
                default.

        Raises:
            DeclarationError: No verb of the URL takes a form.
        """
        app, operation = cast("TemplateOwner", self.app), self.request.operation
        found = None if operation is None else form_operation(app, operation)
        if found is None:
            raise DeclarationError(
                f"{type(self).__qualname__}.form() needs a verb of this URL that takes a form. "
                "Declare it with @takes(form=...)."
            )
        from .forms import initial_form  # cold start: forms load marshmallow

        return initial_form(app, self.request, found, values)

    @classmethod
    def _page(cls) -> Page | None:
        if cls.template is None:
            return None
        check_text(cls.template, f"{cls.__module__}.{cls.__qualname__}.template", "book.html")
        check_flag(cls.streamed, f"{cls.__module__}.{cls.__qualname__}.streamed")
        return Page(cls.template, cls.block, cls.streamed)

    @classmethod
    def _mount_points(
        cls, pattern: str, name: str, app: Owner
    ) -> Sequence[tuple[str, type[Resource], str]]:
        templates_of(app).add_folder_beside(cls.__module__)
        return super()._mount_points(pattern, name, app)


class _FunctionPage(FunctionResource, HTMLResource):
    """The base of the resources of functions that return the context of a template."""


def function_page(function: Callable[..., object], method: str, page: Page) -> type[Resource]:
    """Make the one-verb HTMLResource of a function.

    Args:
        function: A function of the URL variables and inputs by name, without ``self``.
        method: The verb, in lower case.
        page: The template that renders the returned value.
    """
    made = function_resource(function, method, _FunctionPage)
    cast("type[_FunctionPage]", made).template = page.template
    cast("type[_FunctionPage]", made).block = page.block
    return made
