"""`Templates`: the Jinja environment of an App, and where its templates are."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast, overload
from weakref import WeakKeyDictionary

from jinja2 import Environment

from ..declaration_checks import check_call, check_flag, check_text
from ..errors import DeclarationError
from .environment import TemplateOwner, make_environment

if TYPE_CHECKING:
    from os import PathLike

    from ..request import Request

__all__ = ["DEFAULT_POLICY", "ContextProcessor", "Templates", "templates_line", "templates_of"]

F = TypeVar("F", bound=Callable[..., object])
ContextProcessor = Callable[["Request"], Mapping[str, object]]

DEFAULT_POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
"""The Content-Security-Policy of pages: no other host, no inline scripts and styles, no frames."""


class Templates:
    """The templates of an App, with their filters, tests and globals; an extension.

    ::

        templates = Templates("templates")
        app.install(templates)

        @templates.filter
        def euros(cents: int) -> str:
            return f"{cents / 100:.2f} €"

    An App without one has the defaults. A template that the App's folders lack is looked for in
    the folders of its extensions (``template_folders``) and of the Apps that it is mounted on,
    whose filters, tests and globals it knows as well.

    Attributes:
        folders: The folders, the first one that has a template wins.
        filters: Filters by name.
        tests: Tests by name.
        globals: Variables that every template has.
        context_processors: The functions of `context_processor`.
        policy: The Content-Security-Policy of pages.
        lint: Whether mistakes in templates are refused.
    """

    def __init__(
        self,
        *folders: str | PathLike[str],
        policy: str = DEFAULT_POLICY,
        lint: bool = True,
        bytecode_folder: str | PathLike[str] | None = None,
    ) -> None:
        """Make the templates of an App.

        Args:
            folders: Folders of templates. A relative one is beside the module that calls this.
                By default ``templates`` beside the module of each `HTMLResource`, in the packages
                around it, and beside the outermost of these.
            policy: The Content-Security-Policy of pages, "" for none.
            lint: Whether mistakes in the templates of the folders are refused at start-up.
            bytecode_folder: A folder in which compiled templates are kept between starts. Nobody
                else may write to it.

        Raises:
            DeclarationError: A folder does not exist.
        """
        caller = sys._getframe(1).f_globals.get("__file__")
        base = Path.cwd() if caller is None else Path(caller).resolve().parent
        self.folders = [base / each for each in folders]
        for each in self.folders:
            if not each.is_dir():
                raise DeclarationError(f"Templates({str(each)!r}): there is no such folder.")
        check_flag(lint, "Templates(lint=)")
        self.policy = policy
        self.lint = lint
        self.bytecode_folder = bytecode_folder
        self.filters: dict[str, Callable[..., object]] = {}
        self.tests: dict[str, Callable[..., object]] = {}
        self.globals: dict[str, object] = {}
        self.context_processors: list[ContextProcessor] = []
        self._has_own_folders = bool(folders)
        self._app: TemplateOwner | None = None
        self._environment: Environment | None = None

    def install(self, app: TemplateOwner) -> None:
        """Give the App these templates.

        Raises:
            DeclarationError: The App has others, or another App has these.
        """
        if self._app is not None:
            raise DeclarationError(
                f"These Templates are installed in the App {self._app.name!r}. Make others for "
                f"the App {app.name!r}; it finds those of the Apps that it is mounted on."
            )
        if any(isinstance(each, Templates) for each in app.extensions):
            raise DeclarationError(f"The App {app.name!r} has Templates already.")
        self._app = app
        implied = _implied.pop(app, None)
        if implied is not None and not self._has_own_folders:
            self.folders = implied.folders

    def add_folder_beside(self, module: str) -> None:
        """Add ``templates`` beside a module and in the packages around it, if no folder is given.

        Args:
            module: The name of the module.
        """
        file = getattr(sys.modules.get(module), "__file__", None)
        if self._has_own_folders or file is None:
            return
        for each in _folders_beside(Path(file).resolve()):
            if each not in self.folders:
                self.folders.append(each)

    @property
    def environment(self) -> Environment:
        """The Jinja environment, made when it is first asked for; change it before requests."""
        if self._environment is None:
            if self._app is None:
                raise DeclarationError("These Templates are not installed in an App.")
            self._environment = make_environment(self._app, list(templates_line(self._app)))
        return self._environment

    def render(self, name: str, /, **context: object) -> str:
        """Return a rendered template, for a mail or a file.

        Args:
            name: The name of the template.
            context: Its variables, besides the globals.

        Raises:
            jinja2.TemplateNotFound: There is no such template.
        """
        return self.environment.get_template(name).render(context)

    def render_string(self, source: str, /, **context: object) -> str:
        """Return the rendered text of a template that is no file. Values are escaped.

        SECURITY: whoever writes the source runs code. Never pass text from a client.

        Args:
            source: The template.
            context: Its variables, besides the globals.
        """
        return self.environment.from_string(source).render(context)

    @overload
    def filter(self, name: F, /) -> F: ...
    @overload
    def filter(self, name: str, /) -> Callable[[F], F]: ...
    def filter(self, name: str | Callable[..., object], /) -> object:
        """Register the decorated function as a filter, under its own name or another one."""
        return _register(self.filters, name, "filter")

    @overload
    def test(self, name: F, /) -> F: ...
    @overload
    def test(self, name: str, /) -> Callable[[F], F]: ...
    def test(self, name: str | Callable[..., object], /) -> object:
        """Register the decorated function as a test, under its own name or another one."""
        return _register(self.tests, name, "test")

    def context_processor(self, processor: ContextProcessor) -> ContextProcessor:
        """Register a function of the request that returns variables of every page of the App."""
        check_call(processor, ("request",), "A context processor")
        self.context_processors.append(processor)
        return processor


_implied: WeakKeyDictionary[object, Templates] = WeakKeyDictionary()


def templates_of(app: object) -> Templates:
    """Return the Templates of an App, the installed ones or its defaults.

    Args:
        app: The App.
    """
    extensions: list[object] = getattr(app, "extensions", [])
    for each in extensions:
        if isinstance(each, Templates):
            return each
    found = _implied.get(app)
    if found is None:
        found = _implied[app] = Templates()
        found._app = cast("TemplateOwner", app)
    return found


def templates_line(app: TemplateOwner) -> Iterator[Templates]:
    """Yield the Templates of an App and of the Apps that it is mounted on."""
    for registry in app._registry.line():
        yield templates_of(registry.app)


def _folders_beside(file: Path) -> Iterator[Path]:
    """Yield ``templates`` beside a file, in the packages around it, and beside these."""
    folder = file.parent
    yield folder / "templates"
    while (folder / "__init__.py").exists() and folder.parent != folder:
        folder = folder.parent
        yield folder / "templates"


def _register(known: dict[str, Callable[..., object]], name: object, what: str) -> object:
    def register(function: F, called: str) -> F:
        if called in known:
            raise DeclarationError(f"The templates have a {what} {called!r} already.")
        known[called] = function
        return function

    if isinstance(name, str):
        check_text(name, f"The name of a {what}", "euros")
        called = name

        def decorate(function: F) -> F:
            return register(function, called)

        return decorate
    if not callable(name):
        raise DeclarationError(f"A {what} must be a function, not {name!r}.")
    return register(name, str(getattr(name, "__name__", "")))
