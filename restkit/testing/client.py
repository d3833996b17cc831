"""A client that calls a WSGI application in process and keeps cookies between requests."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from typing import TYPE_CHECKING, Unpack
from urllib.parse import urlencode, urljoin, urlsplit

from werkzeug.datastructures import Headers
from werkzeug.http import dump_cookie
from werkzeug.test import Client as _WerkzeugClient
from werkzeug.wrappers import Request as _WerkzeugRequest

from ..environ_keys import CONTRACT_CHECK, ERROR_FORMATS, UNEXPECTED_ERRORS
from ..errors import ContractError
from ..http.methods import SAFE_METHODS
from .content import Content, Pairs, RequestOptions, as_pairs, encode_content
from .contract import ContractCheck
from .environment import make_environ
from .response import PROBLEM_TYPE, TestResponse

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from ..html import Session

__all__ = ["Client", "RequestOptions"]

_COOKIES = "restkit.testing.cookies"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS = 20


def _suggestion(written: str) -> str:
    """Return a hint that names the option which `written` probably misspells."""
    if written in ("params", "query_string"):
        return "the query is query="
    if close := get_close_matches(written, RequestOptions.__annotations__, n=1):
        return f"did you mean {close[0]}=?"
    return f"the options are {', '.join(sorted(RequestOptions.__annotations__))}"


class Client:
    """A client of one application, for tests: it calls WSGI in process and opens no socket.

    It raises errors of start-up, unhandled exceptions of the application, and ContractError for a
    response outside its Operation's contract::

        client = Client(app)
        response = client.post("/books", json={"title": "Emma"})
        assert response.status == 201

    Attributes:
        headers: Headers that go with every request, such as Authorization.
        base_url: The URL at which the application is mounted; paths are relative to it.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        contract: bool | ContractCheck = True,
        raise_errors: bool = True,
        base_url: str = "http://localhost",
        same_origin: bool = True,
    ) -> None:
        """Make the client; if the application is an App, freeze it.

        Args:
            app: An App, or any WSGI application (``wsgiref.validate.validator(app)``).
            contract: Whether each response is checked against its Operation, or a check of your
                own.
            raise_errors: Whether an unhandled exception is raised here rather than turned into the
                app's 500 response.
            base_url: Scheme, host and prefix of the requests.
            same_origin: Whether requests of unsafe methods say that a page of the application sent
                them (``Sec-Fetch-Site: same-origin``), as browsers do. A request
                keeps a Sec-Fetch-Site or Origin of its own.

        Raises:
            RestkitError: The app's declarations are invalid.
        """
        if isinstance(app, type) or not callable(app):
            raise TypeError(
                f"Client() expects an App or another WSGI application, got {app!r}. Pass the "
                "instance: Client(app)."
            )
        freeze: Callable[[], object] | None = getattr(app, "freeze", None)
        if freeze is not None:
            freeze()
        self.headers = Headers()
        self.base_url = base_url.rstrip("/")
        self._app = app
        self._raise_errors = raise_errors
        self._same_origin = same_origin
        self._check = ContractCheck() if contract is True else contract
        self._werkzeug = _WerkzeugClient(self._call)

    def get(self, path: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Send a GET request; see `RequestOptions`."""
        __tracebackhide__ = True
        return self.request("GET", path, **options)

    def head(self, path: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Send a HEAD request; see `RequestOptions`."""
        __tracebackhide__ = True
        return self.request("HEAD", path, **options)

    def post(self, path: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Send a POST request; see `RequestOptions`."""
        __tracebackhide__ = True
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Send a PUT request; see `RequestOptions`."""
        __tracebackhide__ = True
        return self.request("PUT", path, **options)

    def patch(self, path: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Send a PATCH request; see `RequestOptions`."""
        __tracebackhide__ = True
        return self.request("PATCH", path, **options)

    def delete(self, path: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Send a DELETE request; see `RequestOptions`."""
        __tracebackhide__ = True
        return self.request("DELETE", path, **options)

    def options(self, path: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Send an OPTIONS request; see `RequestOptions`."""
        __tracebackhide__ = True
        return self.request("OPTIONS", path, **options)

    def query(self, path: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Send a QUERY request (RFC 10008); see `RequestOptions`."""
        __tracebackhide__ = True
        return self.request("QUERY", path, **options)

    def request(self, method: str, path: str, **options: Unpack[RequestOptions]) -> TestResponse:
        """Send a request.

        Args:
            method: The HTTP method, sent unchanged.
            path: A path below the base URL, percent-encoded, with or without a query; or an
                absolute URL.
            options: See `RequestOptions`.

        Raises:
            ContractError: The response is outside its Operation's contract.
            TypeError: Options exclude each other.
            ValueError: A redirect leads to another host or in circles.
        """
        __tracebackhide__ = True
        try:
            return self._respond(method, path, options)
        except ContractError as error:
            found = error
        # The message says all; the frames below this one are the dispatcher's and the check's.
        raise found.with_traceback(None)

    def _respond(self, method: str, path: str, options: RequestOptions) -> TestResponse:
        unknown = sorted(set(options) - set(RequestOptions.__annotations__))
        if unknown:
            hint = _suggestion(unknown[0])
            raise TypeError(f"{unknown[0]!r} is not an option of a request; {hint}.")
        url = self._url(path, options.get("query"))
        content = encode_content(options)
        response = self._send(method, url, content, options)
        history: list[TestResponse] = []
        while (
            options.get("follow_redirects")
            and response.status in _REDIRECTS
            and "Location" in response.headers
        ):
            history.append(response)
            method, url, content = _redirected(response, content, len(history))
            response = self._send(method, url, content, options)
        response.history = tuple(history)
        return response

    def set_cookie(self, name: str, value: str, *, path: str = "/") -> None:
        """Keep a cookie, as if the application had set it."""
        self._werkzeug.set_cookie(name, value, domain=self._host, path=path)

    def get_cookie(self, name: str, *, path: str = "/") -> str | None:
        """Return the value of a stored cookie, None if there is no such cookie."""
        cookie = self._werkzeug.get_cookie(name, domain=self._host, path=path)
        return None if cookie is None else cookie.decoded_value

    def delete_cookie(self, name: str, *, path: str = "/") -> None:
        """Forget a cookie."""
        self._werkzeug.delete_cookie(name, domain=self._host, path=path)

    @contextmanager
    def session(self) -> Generator[Session]:
        """Read and change the session of this client, as an operation of the App would.

        ::

            with client.session() as session:
                session.login(user.id)

        Raises:
            RuntimeError: The application is no App with `restkit.html.Sessions`.
        """
        from .sessions import opened_session  # it loads restkit.html

        path = f"{self.base_url}/"
        environ = make_environ("GET", path, urlsplit(self.base_url).path, Headers(), None)
        with opened_session(self._app, environ, self._werkzeug, self._host) as session:
            yield session

    @property
    def _host(self) -> str:
        return urlsplit(self.base_url).hostname or "localhost"

    def _url(self, path: str, query: Pairs | str | None) -> str:
        """Return the absolute URL of a request."""
        url = path.partition("#")[0]
        if not url.startswith(("http://", "https://")):
            url = f"{self.base_url}/{url.removeprefix('/')}"
        text = query if isinstance(query, str) else urlencode(as_pairs(query or ()))
        if not text:
            return url
        separator = "&" if "?" in url else "?"
        return f"{url}{separator}{text}"

    def _send(
        self, method: str, url: str, content: Content | None, options: RequestOptions
    ) -> TestResponse:
        """Send one request and return its response."""
        errors: list[Exception] = []
        headers = Headers(self.headers)
        headers.update(Headers(options.get("headers", ())))
        cookies = [*headers.getlist("Cookie"), *_cookies(options.get("cookies", {}))]
        environ = make_environ(method, url, urlsplit(self.base_url).path, headers, content)
        if self._same_origin and method not in SAFE_METHODS and "HTTP_ORIGIN" not in environ:
            environ.setdefault("HTTP_SEC_FETCH_SITE", "same-origin")
        formats: list[str] = []
        environ |= {UNEXPECTED_ERRORS: errors, ERROR_FORMATS: formats, _COOKIES: cookies}
        if self._check:
            environ[CONTRACT_CHECK] = self._check
        environ.update(options.get("environ", {}))
        received = self._werkzeug.open(
            _WerkzeugRequest(environ), buffered=not options.get("stream", False)
        )
        if errors and self._raise_errors:
            received.close()
            raise errors[0]
        response = TestResponse(
            received.status_code,
            received.headers,
            received.iter_encoded(),
            method=method,
            url=url,
        )
        response.error_types = (PROBLEM_TYPE, *formats)
        response.call_on_close(received.close)
        return response if options.get("stream") else response.read()

    def _call(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Call the application with the stored cookies and those of the request."""
        # NOTE: Werkzeug's client overwrites the Cookie header with its own; this runs after it.
        cookies = [*environ.pop(_COOKIES), environ.get("HTTP_COOKIE", "")]
        if any(cookies):
            environ["HTTP_COOKIE"] = "; ".join(filter(None, cookies))
        return self._app(environ, start_response)


def _cookies(cookies: Mapping[str, str]) -> list[str]:
    return [dump_cookie(name, text, path=None) for name, text in cookies.items()]


def _redirected(
    response: TestResponse, content: Content | None, times: int
) -> tuple[str, str, Content | None]:
    """Return method, URL and content of the redirected request (RFC 9110, section 15.4)."""
    method, url = response.method, urljoin(response.url, response.headers["Location"])
    if times > _MAX_REDIRECTS:
        raise ValueError(f"{method} {response.url} is redirected more than {_MAX_REDIRECTS} times.")
    if urlsplit(url).netloc != urlsplit(response.url).netloc:
        raise ValueError(
            f"{method} {response.url} is redirected to another host, {url}: not followed."
        )
    response.body  # noqa: B018  # reads the content to its end, as a client on a socket does
    if (response.status == 303 and method != "HEAD") or (
        response.status in (301, 302) and method == "POST"
    ):
        return "GET", url, None
    if content is not None and not isinstance(content[0], bytes):
        raise ValueError(
            f"{method} {response.url} is redirected, but chunked content cannot be sent twice."
        )
    return method, url, content
