"""`SecretsFilter`: a filter of log records that hides credentials."""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote, quote_plus

from ..environ_keys import QUERY_KEYS
from ..errors import DeclarationError
from ..request import Request, current_request

if TYPE_CHECKING:
    from ..contract import Operation

__all__ = ["SecretsFilter"]

HIDDEN = "[hidden]"
_SHORTEST = 4  # a shorter text would hide parts of ordinary words
_CREDENTIALS = re.compile(
    r"\b(Bearer|Basic|Digest|DPoP|Negotiate|ApiKey|Token)[ \t]+[A-Za-z0-9._~+/=:-]{4,}",
    re.IGNORECASE,
)
# The members of repr(environ) and repr(headers), and header lines.
_HEADER = re.compile(
    r"((?:HTTP_)?(?:PROXY[-_])?(?:AUTHORIZATION|(?:SET[-_])?COOKIE)['\"]?[ \t]*[:=,][ \t]*['\"]?)"
    r"(?:\\.|[^'\"\r\n\\])+",
    re.IGNORECASE,
)


_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class _Documented(Protocol):
    def operations(self) -> Iterable[Operation]: ...


class _Runnable(_Documented, Protocol):
    name: str

    def lifespan(self, function: Callable[[], Iterator[None]], /) -> object: ...


class SecretsFilter(logging.Filter):
    """A filter that hides credentials in log records: ``app.install(SecretsFilter())``.

    It hides, in the message, in the traceback and in texts of ``extra``:

    - the credentials of the current request: those of Authorization, its cookies, and the API keys
      of the App's schemes in headers, cookies and queries,
    - everything that looks like the value of Authorization or Cookie, outside of requests too,
    - the query parameters of the App's schemes in URLs, such as those of an access log.

    Installed in an App, it filters the handlers of the root logger while the App runs. Add it to
    other handlers by ``handler.addFilter(SecretsFilter(app))``, not to loggers: the filter of a
    logger does not see records of loggers below it.
    """

    def __init__(self, app: _Documented | None = None) -> None:
        """Make the filter.

        Args:
            app: The App whose security schemes name the headers, cookies and query parameters. It
                is asked when the first record is logged.
        """
        super().__init__()
        self._app = app
        self._names: dict[str, set[str]] | None = None if app is not None else {}
        self._query: re.Pattern[str] | None = None

    def install(self, app: _Runnable, /) -> None:
        """Filter the handlers that the root logger has when the App starts.

        Raises:
            DeclarationError: The filter is of another App.
        """
        if self._app is not None:
            raise DeclarationError(
                f"The App {app.name!r}: this SecretsFilter is of an App already. Write "
                "app.install(SecretsFilter())."
            )
        self._app, self._names = app, None
        app.lifespan(self._filtering)

    def _filtering(self) -> Iterator[None]:
        handlers = list(logging.getLogger().handlers)
        for each in handlers:
            each.addFilter(self)
        yield
        for each in handlers:
            each.removeFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        """Hide the credentials in a record; every record is logged."""
        secrets = _longest_first(self._secrets())
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError):  # the handler reports it
            return True
        hidden = self._hide(message, secrets)
        if hidden != message:
            record.msg, record.args = hidden, ()
        if record.exc_info and not record.exc_text:
            lines = traceback.format_exception(*record.exc_info)
            record.exc_text = "".join(lines).rstrip("\n")
        if record.exc_text:
            record.exc_text = self._hide(record.exc_text, secrets)
        if record.stack_info:
            record.stack_info = self._hide(record.stack_info, secrets)
        extra = {name: each for name, each in vars(record).items() if name not in _OWN}
        for name, value in extra.items():
            if isinstance(value, str):
                setattr(record, name, self._hide(value, secrets))
        return True

    def _hide(self, text: str, secrets: Iterable[str]) -> str:
        for each in secrets:
            text = text.replace(each, HIDDEN)
        text = _CREDENTIALS.sub(rf"\1 {HIDDEN}", text)
        text = _HEADER.sub(rf"\1{HIDDEN}", text)
        if self._query is not None:
            text = self._query.sub(rf"\1{HIDDEN}", text)
        return text

    def _secrets(self) -> Iterator[str]:
        """Yield the credentials of the current request."""
        names = self._names if self._names is not None else self._find_names()
        request = current_request.get(None)
        if request is None:
            return
        for value in _sent(request, names):
            yield from _spellings(value)

    def _find_names(self) -> dict[str, set[str]]:
        """Return the names of the schemes' headers, cookies and query parameters."""
        found: dict[str, set[str]] = {}
        self._names = found  # a record that is logged meanwhile must not come here again
        for operation in () if self._app is None else self._app.operations():
            for combination in operation.security:
                for scheme, _ in combination:
                    document = scheme.document()
                    if document.get("type") == "apiKey":
                        place = found.setdefault(str(document.get("in")), set())
                        place.add(str(document.get("name")))
        if queries := found.get("query"):
            words = "|".join(map(re.escape, sorted(queries)))
            self._query = re.compile(rf"([?&](?:{words})=)[^&\s\"'#]+")
        return found


def _spellings(value: str) -> tuple[str, ...]:
    """Return the texts that stand for a value in logs: in URLs, tracebacks and JSON."""
    quoted = (repr(value), ascii(value), json.dumps(value), json.dumps(value, ensure_ascii=False))
    urls = (quote(value), quote(value, safe=""), quote_plus(value))
    return (value, *urls, *(each[1:-1] for each in quoted))


def _sent(request: Request, names: dict[str, set[str]]) -> Iterator[str]:
    environ = request.environ
    header: str = environ.get("HTTP_AUTHORIZATION", "")
    yield header
    scheme, _, credentials = header.partition(" ")
    yield credentials.strip() if credentials else scheme
    if header and request.authorization is not None:
        yield request.authorization.password or ""
    yield environ.get("HTTP_COOKIE", "")
    yield from request.cookies.values()
    for name in names.get("header", ()):
        yield environ.get(f"HTTP_{name.upper().replace('-', '_')}", "")
    for name in names.get("query", ()):
        yield from request.args.getlist(name)
    kept: Mapping[str, str] = environ.get(QUERY_KEYS, {})
    yield from kept.values()


def _longest_first(secrets: Iterable[str]) -> list[str]:
    """Return the secrets that are long enough, those first that may have others in them."""
    found = {each for each in secrets if len(each) >= _SHORTEST}
    return sorted(found, key=len, reverse=True)
