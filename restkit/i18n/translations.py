"""`Translations`: the extension that speaks the language of the client."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import tzinfo
from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from ..contract import Header, Operation, Parameter
from ..contributor import Contribution
from ..declaration_checks import check_call, check_text
from ..environ_keys import TRANSLATOR
from ..errors import DeclarationError
from ..middleware import Middleware, Proceed
from ..problems import Problem
from ..request import Request, current_request
from ..response import Response, is_stream
from .catalogs import Catalog, load_catalogs
from .formats import Formats
from .problems import translated_problem

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["Translations"]

_LONGEST_HEADER = 1000
_HEADERS = (
    Header("Content-Language", "The language of the texts, if the content has any."),
    Header("Vary", "What the language depends on, and what else the response depends on."),
)
Chosen = Callable[[Request], str | None]


class _Owner(Protocol):
    """The part of an App that an extension of it needs."""

    def middleware(self, middleware: Middleware, /) -> Middleware: ...


class Translations:
    """The languages of an App; an extension.

    ::

        translations = Translations("translations", locales=["en", "de", "pt_BR"])
        app.install(translations)
        _ = translations.gettext

        raise NotFound(_("There is no such book."))

    The language is the one that ``locale`` returns, or else that of the cookie, or else the one
    that Accept-Language prefers. Titles, details and errors of problems are translated when they
    are written, and so are labels of forms. Templates have ``gettext``, ``ngettext``, ``_`` and
    ``{% trans %}``. The schemas stay in the language of the program.
    """

    def __init__(
        self,
        folder: str | PathLike[str] | None = None,
        *,
        locales: Sequence[str],
        domain: str = "messages",
        locale: Chosen | None = None,
        vary: Sequence[str] | None = None,
        cookie: str = "",
        timezone: str | tzinfo | Callable[[Request], str | tzinfo] = "UTC",
    ) -> None:
        """Read the catalogs.

        Args:
            folder: The folder of the catalogs, ``de/LC_MESSAGES/messages.mo`` and the others. A
                relative one is beside the module that calls this. Without one, restkit's own
                texts alone are translated; it has German ones.
            locales: The languages, that of the program first.
            domain: The name of the catalog files.
            locale: A function of the request that returns one of the languages, or None if it
                knows none: that of the user, or of the URL.
            vary: The request headers that ``locale`` reads, for Vary: ``["Cookie"]``.
            cookie: The name of a cookie that has the language.
            timezone: The time zone of the filters for dates, or a function of the request.

        Raises:
            DeclarationError: A language or a catalog does not exist, or an argument cannot be
                meant.
            MissingExtraError: Babel is not installed.
        """
        if isinstance(locales, str) or not locales:
            raise DeclarationError(
                f"Translations(locales=) must be a sequence of languages, not {locales!r}. Write "
                "['en', 'de'], that of the program first."
            )
        check_text(domain, "Translations(domain=)", "messages")
        if locale is not None:
            check_call(locale, ("request",), "locale of Translations")
        if (locale is None) is not (vary is None):
            raise DeclarationError(
                "Translations(locale=, vary=): name the request headers that the function reads, "
                "as in vary=['Cookie'], or vary=[] if it reads the URL alone."
            )
        caller = sys._getframe(1).f_globals.get("__file__")
        base = Path.cwd() if caller is None else Path(caller).resolve().parent
        found = None if folder is None else base / folder
        self.catalogs = load_catalogs(found, domain, list(locales))
        self._default = next(iter(self.catalogs.values()))
        self._locale = locale
        self._cookie = cookie
        own = ["Cookie"] if cookie else []
        self._vary = list(dict.fromkeys([*(vary or ()), *own, "Accept-Language"]))
        self._preferred = lru_cache(maxsize=256)(self._by_header)
        self._forced: ContextVar[Catalog | None] = ContextVar("restkit locale", default=None)
        self._formats = Formats(self._catalog, timezone)

    def install(self, app: _Owner) -> None:
        """Choose the language of each request of the App and of mounted Apps."""
        app.middleware(self._translate)

    def contribute(self, operation: Operation, /) -> Contribution:
        """Declare the headers that the language is chosen by."""
        tag = {"type": "string", "enum": list(self.catalogs)}
        found = [Parameter("Accept-Language", "header", "The languages that the client prefers.")]
        if self._cookie:
            found.append(Parameter(self._cookie, "cookie", "The language.", tag))
        return Contribution(headers=_HEADERS, parameters=tuple(found))

    # texts

    def gettext(self, text: str, /, **values: object) -> str:
        """Return a text in the language of the current request.

        Args:
            text: The text in the language of the program.
            values: The values of its placeholders: ``_("%(count)d books", count=3)``.
        """
        return _filled(self._one(text), values)

    def ngettext(self, singular: str, plural: str, number: int, /, **values: object) -> str:
        """Return a text about a number of things, ``%(num)d``, in the current language."""
        return _filled(self._several(singular, plural, number), {"num": number, **values})

    def pgettext(self, context: str, text: str, /, **values: object) -> str:
        """Return a text that has a meaning of its own in a context, in the current language."""
        return _filled(self._one_in(context, text), values)

    def npgettext(
        self, context: str, singular: str, plural: str, number: int, /, **values: object
    ) -> str:
        """Return a text about a number of things in a context, in the current language."""
        found = self._several_in(context, singular, plural, number)
        return _filled(found, {"num": number, **values})

    def _one(self, text: str) -> str:
        return str(self._catalog().gettext.gettext(text))

    def _several(self, singular: str, plural: str, number: int) -> str:
        return str(self._catalog().gettext.ngettext(singular, plural, number))

    def _one_in(self, context: str, text: str) -> str:
        return str(self._catalog().gettext.pgettext(context, text))

    def _several_in(self, context: str, singular: str, plural: str, number: int) -> str:
        return str(self._catalog().gettext.npgettext(context, singular, plural, number))

    def locale(self) -> str:
        """Return the language of the current request, as a tag: ``pt-BR``."""
        return str(self._catalog().locale).replace("_", "-")

    @contextmanager
    def use(self, locale: str) -> Generator[None]:
        """Speak a language while the context lasts, such as that of a mail.

        Raises:
            LookupError: It is none of the languages.
        """
        found = self._known(locale)
        if found is None:
            raise LookupError(f"{locale!r} is not among {', '.join(self.catalogs)}.")
        token = self._forced.set(found)
        try:
            yield
        finally:
            self._forced.reset(token)

    # templates

    def extend_environment(self, environment: Environment, /) -> None:
        """Give templates ``gettext`` and its relatives, ``locale()`` and the filters of formats."""
        environment.add_extension("jinja2.ext.i18n")
        install: Callable[..., None] = getattr(environment, "install_gettext_callables")  # noqa: B009
        install(
            self._one,
            self._several,
            newstyle=True,
            pgettext=self._one_in,
            npgettext=self._several_in,
        )
        names: object = environment.globals  # two type checkers know it by different types
        cast("dict[str, object]", names)["locale"] = self.locale
        filters = {"translated": self._translated, **self._formats.filters()}
        environment.filters.update((name, _unfolded(each)) for name, each in filters.items())

    def _translated(self, text: object) -> str:
        return self._catalog().text(str(text))

    # a request

    def _translate(self, request: Request, proceed: Proceed) -> Response:
        """Speak the language of a client, and say so in the response."""
        environ = request.environ
        translator = environ[TRANSLATOR] = _Translator(self, request)
        response = proceed(request)
        if translator.catalog is None and not is_stream(response):
            del environ[TRANSLATOR]  # which knows the request: no cycle for the collector
            return response
        response.headers["Content-Language"] = _tag(translator.chosen())
        for each in self._vary:
            response.vary.add(each)
        if not is_stream(response):
            del environ[TRANSLATOR]
        return response

    @contextmanager
    def speaking(self, request: Request) -> Generator[list[tuple[str, str]]]:
        """Speak the language of a request while a page about it is made.

        Yields:
            The headers of the page, complete when the context has ended.
        """
        headers: list[tuple[str, str]] = []
        translator = request.environ[TRANSLATOR] = _Translator(self, request)
        token = current_request.set(request)
        try:
            yield headers
        finally:
            current_request.reset(token)
            del request.environ[TRANSLATOR]
        headers.append(("Content-Language", _tag(translator.chosen())))
        headers += [("Vary", each) for each in self._vary]

    def _catalog(self) -> Catalog:
        """Return the texts of the current language."""
        forced = self._forced.get()
        if forced is not None:
            return forced
        request = current_request.get(None)
        found = None if request is None else request.environ.get(TRANSLATOR)
        if not isinstance(found, _Translator) or found.translations is not self:
            return self._default
        return found.chosen()

    def choose(self, request: Request) -> Catalog:
        """Return the texts of the language of a request."""
        for each in self._named(request):
            if each and (found := self._known(each)) is not None:
                return found
        header: str = request.environ.get("HTTP_ACCEPT_LANGUAGE", "")
        return self._preferred(header[:_LONGEST_HEADER])

    def _named(self, request: Request) -> Iterator[str | None]:
        if self._locale is not None:
            yield self._locale(request)
        if self._cookie:
            yield request.cookies.get(self._cookie)

    def _known(self, locale: str) -> Catalog | None:
        return self.catalogs.get(locale.replace("_", "-"))

    def _by_header(self, header: str) -> Catalog:
        """Return the texts of the language that Accept-Language prefers."""
        accepted = parse_accept_header(header, LanguageAccept)
        found = accepted.best_match(list(self.catalogs))
        return self._default if found is None else self.catalogs[found]


class _Translator:
    """The language of one request, chosen when a text is first asked for."""

    def __init__(self, translations: Translations, request: Request) -> None:
        self.translations = translations
        self._request = request
        self.catalog: Catalog | None = None

    def chosen(self) -> Catalog:
        if self.catalog is None:
            self.catalog = self.translations.choose(self._request)
        return self.catalog

    def language(self) -> str:
        """Return the language, as a tag, and note that the response depends on it."""
        return _tag(self.chosen())

    def text(self, text: str) -> str:
        """Return a text that the program or restkit has written, in the language."""
        return self.chosen().text(text)

    def problem(self, problem: Problem) -> Problem:
        """Return a problem in the language."""
        return translated_problem(problem, self.chosen())


def _unfolded(function: Callable[..., str]) -> Callable[..., str]:
    """Return a filter that Jinja calls for each page: it would call one of a constant only once."""
    from jinja2 import pass_context  # cold start: a program without pages has no filters

    @pass_context
    def call(context: object, /, *args: object, **options: object) -> str:
        return function(*args, **options)

    return call


def _tag(catalog: Catalog) -> str:
    return str(catalog.locale).replace("_", "-")


def _filled(text: str, values: dict[str, object]) -> str:
    return text % values if values else text
