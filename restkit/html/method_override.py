"""`MethodOverride`: forms that mean PUT, PATCH or DELETE, which browsers do not send."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from markupsafe import Markup

from ..contract import Failure, Operation
from ..contributor import Contribution
from ..errors import DeclarationError
from ..media import FORM_TYPES
from ..problems import BadRequest, ContentTooLarge
from ..request import Request
from ..schemas.form_policy import METHOD_FIELD, FormLimits
from .csrf import OriginCheck, refusal
from .environment import TemplateOwner
from .sessions import FOREIGN, Sessions

__all__ = ["FormOrigin", "MethodOverride", "named_method", "sessions_of"]

_TARGETS = ("PUT", "PATCH", "DELETE")
_FIELD = Markup('<input type="hidden" name="{}" value="{}">')
_FAILURES = (
    FOREIGN,
    Failure(BadRequest, "override", "A form that names the verb is malformed."),
    Failure(ContentTooLarge, "override", "A form that names the verb is too large."),
)


class MethodOverride:
    """Forms that name the verb which is meant in their field ``_method``; an extension.

    ::

        app.install(MethodOverride())

    A browser sends forms by GET and POST alone. With this extension a POST whose form has
    ``_method=DELETE`` is the DELETE of its URL; PUT and PATCH likewise. The field of a form counts
    and nothing else: no query, no header, no JSON.

    The form must come from a page of the App, as the requests of sessions must. That of another
    site stays the POST that it is, and is a 403 where there is no POST. A form is read before
    anybody is authenticated: unless an operation of its URL takes forms, it has at most
    ``max_body_size`` bytes.

    Browsable pages read the field of their own forms without this. The forms of your own pages
    need it.
    """

    def __init__(self) -> None:
        """Make the extension."""
        self.template_globals: Mapping[str, object] = {"method_field": _method_field}

    def install(self, app: TemplateOwner) -> None:
        """Do nothing: the App finds the extension when it is frozen."""

    def contribute(self, operation: Operation, /) -> Contribution:
        """Say in the document of which operations a form may name the verb."""
        if operation.method not in _TARGETS:
            return Contribution()
        return Contribution(
            failures=_FAILURES,
            description=(
                "A form of a page may send this as POST, with the field "
                f"`{METHOD_FIELD}={operation.method}`."
            ),
            extensions={"x-method-override": {"method": "POST", "field": METHOD_FIELD}},
        )

    def method_chooser(
        self, app: TemplateOwner, /
    ) -> Callable[[Request, FormLimits | None], str | None]:
        """Return the function that reads the verb from the form of a POST request.

        Args:
            app: The App whose resources the forms are for.
        """
        is_from_here = FormOrigin(app)

        def choose(request: Request, limits: FormLimits | None) -> str | None:
            from ..parsing.forms import parse_form  # cold start: forms load marshmallow

            # SECURITY: nobody is authenticated yet, so that another site's content is not read.
            if is_from_here.is_foreign(request):
                if request.operation is None:
                    raise refusal(request)
                return None
            parse_form(request, FORM_TYPES, limits or request.app.settings)
            method = named_method(request)
            # SECURITY: another site may send a form, though neither PUT nor DELETE. The operation
            # need not have a session: an address or a client certificate may let the browser in.
            if method is not None and not is_from_here(request):
                raise refusal(request)
            return method

        return choose


def named_method(request: Request) -> str | None:
    """Return the verb that a form names, None if it names none.

    Raises:
        BadRequest: It names several, or one that a form must not name.
    """
    named = request.form.getlist(METHOD_FIELD)
    if not named and METHOD_FIELD not in request.files:
        return None
    if len(named) != 1 or named[0] not in _TARGETS:
        raise BadRequest(f"The form's {METHOD_FIELD} must be one of PUT, PATCH and DELETE, once.")
    return named[0]


class FormOrigin:
    """The check that a form comes from a page of an App."""

    def __init__(self, app: TemplateOwner) -> None:
        """Take the App, whose sessions have the token of clients that say nothing themselves."""
        self._sessions = sessions_of(app)
        found = self._sessions
        self._check = OriginCheck((), _is_tls) if found is None else found.check_origin

    def __call__(self, request: Request) -> bool:
        """Return whether the form of a request, which may have been read, comes from here."""
        session = None if self._sessions is None else self._sessions.open(request)
        return self._check.accepts(request, session, has_cookie=self._has_cookie(request))

    def is_foreign(self, request: Request) -> bool:
        """Return whether the headers alone say that it comes from elsewhere."""
        return self._check.is_foreign(request, has_cookie=self._has_cookie(request))

    def _has_cookie(self, request: Request) -> bool:
        if self._sessions is None:
            return "HTTP_COOKIE" in request.environ
        return self._sessions.cookie.is_sent(request.environ)


def _is_tls(environ: Mapping[str, object]) -> bool:
    return environ.get("wsgi.url_scheme") == "https"


def sessions_of(app: TemplateOwner) -> Sessions | None:
    """Return the Sessions of an App, or of those that it is mounted on."""
    around = (each for registry in app._registry.line() for each in registry.app.extensions)
    return next((each for each in around if isinstance(each, Sessions)), None)


def _method_field(method: str) -> Markup:
    """Return the hidden field of a form that names its verb: ``{{ method_field("DELETE") }}``."""
    if method not in _TARGETS:
        raise DeclarationError(
            f"method_field({method!r}) must name PUT, PATCH or DELETE. A browser sends other "
            'forms by itself: <form method="post">.'
        )
    return _FIELD.format(METHOD_FIELD, method)
