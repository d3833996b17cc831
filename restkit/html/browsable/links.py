"""Links of a page: other pages, items of a collection, related items, URLs in the content."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable
from urllib.parse import unquote, urlsplit

from ...contract import Operation
from ...http.uris import quote_path
from ...operations.entries import Entry
from ...operations.operation_ids import english_singular
from ...records import Record
from ...request import Request
from .content_view import Place
from .declared import has_page
from .exchange import Received

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

__all__ = [
    "ContentLinks",
    "PageLink",
    "Site",
    "breadcrumbs",
    "collection_url",
    "declared_entries",
    "link_header",
    "related_entries",
]

_MOST_LOOKED_UP = 300
_LINK = re.compile(
    r'<([^<>"\s]{1,2000})>((?:\s*;\s*[\w!#$&+.^`|~*-]+\s*=\s*(?:"[^"]*"|[^\s";,]+))*)'
)
_REL = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s";,]+))', re.IGNORECASE)


class Site(Protocol):
    """The part of the dispatcher that pages need."""

    @property
    def entries(self) -> Sequence[Entry]:
        """The mounted resources."""
        ...

    def request_at(self, environ: WSGIEnvironment, method: str) -> Request:
        """Return the request of another verb of a URL, with its Operation, which may be None."""
        ...

    def url_of(self, entry: Entry, values: Mapping[str, object], request: Request) -> str | None:
        """Return the URL of a resource, None if its pattern rejects a value."""
        ...


class PageLink(Record):
    """A link with its text."""

    text: str
    url: str


def link_header(received: Received) -> list[PageLink]:
    """Return the links of a response: Link (RFC 8288), Location and Content-Location."""
    found: list[PageLink] = []
    for url, parameters in _LINK.findall(received.header("Link")[:8192]):
        rel = _REL.search(parameters)
        names = (rel[1] or rel[2] or "") if rel is not None else ""
        found += [PageLink(name, url) for name in names.split()[:5]]
    for header in ("Location", "Content-Location"):
        if url := received.header(header):
            found.append(PageLink(header, url))
    return [each for each in found if _is_link(each.url)]


def _is_link(url: str) -> bool:
    """Return whether a URL can be followed from a page.

    SECURITY: ``javascript:`` and other schemes must not become links.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("", "http", "https") and not any(each < " " for each in url)


def breadcrumbs(site: Site, environ: WSGIEnvironment, request: Request) -> list[PageLink]:
    """Return the parts of the path; those that can be read have a URL."""
    found: list[PageLink] = []
    path = ""
    for part in request.path.strip("/").split("/")[:20]:
        if part:
            path = f"{path}/{part}"
            found.append(PageLink(part, _url_at(site, environ, path) or ""))
    return found


def _url_at(site: Site, environ: WSGIEnvironment, path: str) -> str | None:
    """Return the URL of a path of this server that a GET reads, None if none does."""
    found = {**environ, "PATH_INFO": path.encode().decode("latin-1"), "QUERY_STRING": ""}
    operation: Operation | None = site.request_at(found, "GET").operation
    if operation is None or not operation.documented:
        return None
    return _quoted(environ, path)


def _quoted(environ: WSGIEnvironment, path: str) -> str:
    return quote_path(environ.get("SCRIPT_NAME", "").rstrip("/") + path)


class ContentLinks:
    """The function from values of the content to URLs."""

    def __init__(self, site: Site, environ: WSGIEnvironment, request: Request) -> None:
        """Prepare the links of a response.

        Args:
            site: The dispatcher.
            environ: The environ of the page.
            request: The request that the page shows.
        """
        self._site = site
        self._environ = environ
        self._left = _MOST_LOOKED_UP
        self._request = request
        self._given = {**request.mount_parameters, **request.path_parameters}
        operation: Operation | None = request.operation
        self._items = list(_items_of(site, operation))
        self._related = related_entries(site)
        self._declared = {} if operation is None else declared_entries(site, operation)

    def __call__(self, value: object, at: Place) -> str | None:
        """Return the URL that a value leads to, None without one."""
        if value is None or isinstance(value, bool) or self._left <= 0:
            return None
        if isinstance(value, str) and value.startswith(("http://", "https://")):
            return value if _is_link(value) else None
        if isinstance(value, str) and value.startswith("/"):
            return self._local(value)
        return self._by_key(value, at)

    def _local(self, url: str) -> str | None:
        """Return a path of this server that can be read."""
        self._left -= 1
        parts = urlsplit(url) if _is_link(url) and not url.startswith("//") else None
        if parts is None:
            return None
        root = self._environ.get("SCRIPT_NAME", "").rstrip("/")
        path = unquote(parts.path)
        if root and not path.startswith(f"{root}/"):
            return None
        found = _url_at(self._site, self._environ, path[len(root) :])
        return None if found is None else url

    def _by_key(self, value: object, at: Place) -> str | None:
        """Return the URL of an item of this collection, or of another item, by its key."""
        # The items of a list are its elements, or those of a member such as "items".
        is_of_item = len(at.path) <= 1
        if is_of_item and at.name in self._declared:
            return self._related_item(self._declared[at.name], value)
        if at.owner is None:
            return None
        found = self._item(at.owner, at.name) if is_of_item else None
        if found is not None:
            return found
        outer = english_singular(at.path[-1]) if at.path else ""
        entry = self._related.get(at.name) or self._related.get(f"{outer}_{at.name}")
        return None if entry is None else self._related_item(entry, value)

    def _related_item(self, entry: Entry, value: object) -> str | None:
        if not isinstance(value, (str, int)):
            return None
        return self._built(entry, {entry.pattern.parameters[-1].name: value})

    def _item(self, owner: Mapping[str, object], name: str) -> str | None:
        """Return the URL of an item of this collection, if a member is its key."""
        for entry, members in self._items:
            if members.get(name) is not None:
                values = {each: owner.get(member) for member, each in members.items()}
                if all(isinstance(each, (str, int)) for each in values.values()):
                    return self._built(entry, {**self._given, **values})
        return None

    def _built(self, entry: Entry, values: dict[str, object]) -> str | None:
        self._left -= 1
        known = entry.pattern.variables
        values = {name: each for name, each in values.items() if name in known}
        try:
            return self._site.url_of(entry, values, self._request)
        except (LookupError, ValueError, TypeError):
            return None


def _items_of(site: Site, operation: Operation | None) -> Iterator[tuple[Entry, Mapping[str, str]]]:
    """Yield the items of a collection, each with the variables by the members that have them."""
    if operation is None:
        return
    rules = re.compile(re.escape(operation.rule.rstrip("/")) + r"/<[^<>/]+>/?")
    own = {each.name for each in operation.path_parameters}
    for entry in site.entries:
        names = [each.name for each in entry.pattern.parameters if each.name not in own]
        if len(names) != 1 or not rules.fullmatch(entry.pattern.rule) or not _is_read(entry):
            continue
        yield entry, _members(site, operation, entry, names[0])


def _members(site: Site, operation: Operation, item: Entry, variable: str) -> Mapping[str, str]:
    """Return the variable of an item by the members that may have it."""
    for entry in site.entries:
        if entry.link is not None and entry.pattern.rule == operation.rule:
            return {member: each for each, member in entry.link.members}
    return {variable: variable, variable.rpartition("_")[2]: variable}


def related_entries(site: Site) -> Mapping[str, Entry]:
    """Return the items that members of other items name, by the name of such a member.

    A member is called as the variable of the item's URL (``author_id``), or as the collection and
    that variable (``author_id`` for ``/authors/<int:id>``). A name that two items claim is none.
    """
    found: dict[str, Entry | None] = {}
    for entry in site.entries:
        if not _is_plain_item(entry):
            continue
        for name in _member_names(entry, entry.pattern.parameters[-1].name):
            found[name] = None if name in found else entry
    return {name: entry for name, entry in found.items() if entry is not None}


@runtime_checkable
class _Collection(Protocol):
    """A class of a URL of a collection that knows its model."""

    def item_identity(self) -> tuple[type, tuple[str, ...]]:
        """Return the model of the items, and the attributes that identify one."""
        ...

    def related_models(self) -> Mapping[str, tuple[type, str]]:
        """Return the models of related items by member, with the attribute that names them."""
        ...


def declared_entries(site: Site, operation: Operation, *, by_key: bool = True) -> dict[str, Entry]:
    """Return the related items that a collection declares, by the member that names them.

    Args:
        site: The dispatcher.
        operation: An Operation of the collection or of an item.
        by_key: Whether only members count that hold the key in the URL of the items.
    """
    if not isinstance(operation.resource, _Collection):
        return {}
    found: dict[str, Entry] = {}
    for name, (model, by) in operation.resource.related_models().items():
        entry = _entry_of(site, model, by if by_key else "")
        if entry is not None:
            found[name] = entry
    return found


def _entry_of(site: Site, model: type, by: str) -> Entry | None:
    """Return the first item of a model whose URL has the attribute, or the key."""
    for entry in site.entries:
        if isinstance(entry.resource, _Collection) and _is_plain_item(entry):
            of, key = entry.resource.item_identity()
            if of is model and len(key) == 1 and by in ("", *key):
                return entry
    return None


def _is_plain_item(entry: Entry) -> bool:
    outer = entry.pattern.outer
    own = [each.name for each in entry.pattern.parameters if each.name not in outer]
    return len(own) == 1 and not entry.pattern.host and _is_item(entry)


def _is_item(entry: Entry) -> bool:
    return entry.pattern.rule.rstrip("/").endswith(">") and _is_read(entry)


def _member_names(entry: Entry, variable: str) -> set[str]:
    collection = entry.pattern.path.rstrip("/").split("/")[-2]
    names = {f"{english_singular(collection)}_{variable}"} if collection else set[str]()
    return names | {variable} if "_" in variable else names


def collection_url(site: Site, entry: Entry, request: Request) -> str | None:
    """Return the URL of the collection of an item, None if it cannot be read."""
    rule = entry.pattern.rule.rstrip("/").rpartition("/")[0]
    for each in site.entries:
        if each.pattern.rule.rstrip("/") == rule and not each.pattern.host and _is_read(each):
            return site.url_of(each, {}, request)
    return None


def _is_read(entry: Entry) -> bool:
    return any(each.method == "GET" and has_page(each) for each in entry.operations)
