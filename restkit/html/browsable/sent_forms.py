"""The form that a page has sent, as the request of an API client that it stands for."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, TYPE_CHECKING, cast
from urllib.parse import urlencode

from werkzeug.wsgi import ClosingIterator

from ...content_streams import CopiedContent, copy_all
from ...contract import Operation
from ...http.negotiation import parse_content_type
from ...json_parsing import loads_json
from ...media import FORM_TYPES, JSON, MULTIPART
from ...parsing.form_members import Tree, tree_of
from ...parsing.forms import parse_form
from ...problems import BadRequest
from ...records import Record
from ...request import Request
from ...schemas.form_policy import ADD_FIELD, FormLimits
from ...settings import Settings
from ..csrf import refusal
from ..environment import TemplateOwner
from ..field_plans import FormPlan
from ..form_operations import form_inputs
from ..method_override import FormOrigin, named_method
from .asking import HEADER, TAG, page_query
from .json_values import sent_members
from .request_headers import written_headers
from .verb_forms import BODY, OWN_FIELDS, PREVIEW, SHOWN, TYPE, body_plan

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["OwnForm", "SentForm", "is_form", "read_form", "sent_form"]

MERGE_PATCH = "application/merge-patch+json"
_Content = tuple[str, "bytes | IO[bytes]", int]


class SentForm(Record):
    """A form of a page.

    Attributes:
        request: The request of the browser, with the form.
        operation: The Operation that it is for.
        plan: The plan of the form, None for content that was sent as text, or for none.
        texts: The texts of its fields.
        shown: The object that the form was filled with, None for an empty form.
        tag: The entity tag that it demands, "" without one.
        content: Content-Type, content and length, None without content.
        headers: The request headers that were written, and If-Match.
    """

    request: Request
    operation: Operation
    plan: FormPlan | None
    texts: Tree
    shown: Mapping[str, object] | None
    tag: str
    content: _Content | None
    headers: Mapping[str, str]

    @property
    def asks_for_row(self) -> bool:
        """Whether it asks for itself with another row of a list."""
        return ADD_FIELD in self.request.form

    @property
    def is_preview(self) -> bool:
        """Whether the request is to be shown and not sent."""
        return PREVIEW in self.request.form

    @property
    def body(self) -> str:
        """The content as text, "" if it is none."""
        if self.content is None or not isinstance(self.content[1], bytes):
            return ""
        return self.content[1].decode("utf-8", "replace")


class OwnForm(Record):
    """A form that is for no page: one of the site itself, whose content has been read.

    Attributes:
        environ: The environ of the browser's request.
        content: The content from the beginning.
    """

    environ: WSGIEnvironment
    content: IO[bytes]

    def sent(self, app: WSGIApplication, start_response: StartResponse) -> Iterable[bytes]:
        """Send the request on as it came, and close the content after the response."""
        try:
            stream = io.BufferedReader(CopiedContent(self.content))
            chunks = app({**self.environ, "wsgi.input": stream}, start_response)
        except BaseException:
            self.content.close()
            raise
        return ClosingIterator(chunks, [self.content.close])


def is_form(environ: WSGIEnvironment) -> bool:
    """Return whether a request is a POST with a form."""
    if environ["REQUEST_METHOD"] != "POST":
        return False
    return parse_content_type(environ.get("CONTENT_TYPE")).media_type in FORM_TYPES


def read_form(
    environ: WSGIEnvironment, request: Request, limits: FormLimits | None
) -> tuple[Request, IO[bytes], str]:
    """Return the request with its form, its content from the beginning, and the verb.

    Args:
        environ: The environ of the browser's request.
        request: The request, with its App.
        limits: The limits of the form, None for those of the settings.

    Raises:
        BadRequest: The form is malformed, or names a verb that a form must not name.
        ContentTooLarge: It is too large.
        Forbidden: A page of another site may have sent it.
    """
    settings = limits or request.app.settings
    is_multipart = parse_content_type(environ.get("CONTENT_TYPE")).media_type == MULTIPART
    limit = settings.max_upload_size if is_multipart else settings.max_body_size
    read = Request({**environ})
    read.app, read.path_parameters = request.app, request.path_parameters
    read.mount_parameters = request.mount_parameters
    # SECURITY: a form becomes JSON here, which other sites cannot send. So it must come from here,
    # whatever the operation knows the caller by. What is known to be another site's is not read.
    is_from_here = FormOrigin(cast("TemplateOwner", read.app))
    if is_from_here.is_foreign(read):
        raise refusal(read)
    read.check_length(limit)
    if not environ.get("CONTENT_LENGTH"):
        raise BadRequest("Send Content-Length with a form.")
    length = int(environ["CONTENT_LENGTH"])
    content = copy_all(environ["wsgi.input"].read, length, limit)
    try:
        method = _parsed(read, content, settings, is_from_here)
    except BaseException:
        read.close()
        content.close()
        raise
    content.seek(0)
    return read, content, method


def _parsed(
    read: Request, content: IO[bytes], settings: Settings | FormLimits, is_from_here: FormOrigin
) -> str:
    """Parse the form, check where it comes from, and return the verb that it names."""
    read.environ["wsgi.input"] = io.BufferedReader(CopiedContent(content))
    parse_form(read, FORM_TYPES, settings)
    method = named_method(read) or "POST"
    if not is_from_here(read):
        raise refusal(read)
    return method


def sent_form(read: Request, content: IO[bytes], operation: Operation) -> SentForm:
    """Return the form that a page has sent for an Operation.

    Args:
        read: The request, with its form.
        content: Its content.
        operation: The Operation.
    """
    plan = body_plan(cast("TemplateOwner", read.app), operation)
    given = list(read.form.items(multi=True))
    pairs = [each for each in given if each[0] not in OWN_FIELDS and not each[0].startswith(HEADER)]
    tag = read.form.get(TAG) or page_query(read.environ).get(TAG, "")
    headers = written_headers(operation, given)
    found = SentForm(
        read,
        operation,
        plan,
        tree_of(pairs),
        _shown(read),
        tag,
        None,
        {**headers, "If-Match": tag} if tag else headers,
    )
    return found._replace(content=_content(found, pairs, content))


def _shown(read: Request) -> Mapping[str, object] | None:
    """Return the object that the form was filled with."""
    if SHOWN not in read.form:
        return None
    try:
        found = loads_json(read.form[SHOWN].encode("utf-8", "replace"))
    except BadRequest:
        return None
    return found if isinstance(found, Mapping) else None


def _content(found: SentForm, pairs: list[tuple[str, str]], content: IO[bytes]) -> _Content | None:
    """Return the content that an API client would send."""
    if form_inputs(found.operation):
        return _form_content(found.request, pairs, content)
    types = [each for body in found.operation.inputs for each in body.media_types]
    if not types:
        return None
    if found.plan is None or BODY in found.request.form:
        return _text_content(found.request, types)
    members = sent_members(found.plan, found.texts, found.shown)
    body = json.dumps(members, ensure_ascii=False).encode("utf-8", "replace")
    is_merged = MERGE_PATCH in types
    return (MERGE_PATCH if is_merged else JSON), body, len(body)


def _form_content(read: Request, pairs: list[tuple[str, str]], content: IO[bytes]) -> _Content:
    """Return the content of an operation that takes forms."""
    if parse_content_type(read.environ["CONTENT_TYPE"]).media_type == MULTIPART:
        return read.environ["CONTENT_TYPE"], content, int(read.environ["CONTENT_LENGTH"])
    kept = urlencode(pairs).encode()
    return FORM_TYPES[0], kept, len(kept)


def _text_content(read: Request, types: Sequence[str]) -> _Content:
    """Return the content that was sent as text."""
    body = read.form.get(BODY, "").replace("\r\n", "\n").encode("utf-8", "replace")
    named = read.form.get(TYPE, "")
    return (named if named in types else types[0]), body, len(body)
