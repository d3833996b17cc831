"""Names and texts of a query, headers, cookies or a form, to the values that a schema loads."""

from __future__ import annotations

import re
from codecs import unicode_escape_decode
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from marshmallow import INCLUDE, RAISE

from ..contract import Input
from ..json_parsing import loads_json
from ..problems import BadRequest, InvalidItem, UnprocessableContent
from ..schemas.bound import Fault, Invalid
from ..schemas.parameter_styles import ParameterStyle, TextLocation, Writing, style_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MAX_PAIRS", "Pairs", "TextValues", "parse_pairs", "plain_pairs"]

Pairs = list[tuple[str, str]]
MAX_PAIRS = 1000
_MOST_PLAIN = 100
_PLAIN = r"[\w.~-]++=[\w.~-]*+(?:&[\w.~-]++=[\w.~-]*+){0,99}"
_Item = Callable[[Fault], InvalidItem]


class TextValues:
    """The names and texts of one input, gathered by the styles of its fields and loaded.

    Attributes:
        known: The names that the schema has.
        styles: How each field is written.
        strict: Whether unknown names are errors.
        include: Whether unknown names are handed over.
        load_schema: The function that loads gathered values, which may raise Invalid.
        shape: The function that makes the declared class of the loaded data, None without one.
    """

    __slots__ = (
        "_deep",
        "_is_replacing",
        "_item",
        "_loads",
        "_repeated",
        "_single",
        "include",
        "known",
        "load_schema",
        "shape",
        "strict",
        "styles",
    )

    def __init__(
        self,
        each: Input,
        location: TextLocation,
        declared_at: str,
        item: _Item,
        loads: Callable[[bytes], object] = loads_json,
    ) -> None:
        """Decide how each field is read.

        Args:
            each: The input.
            location: Where its values stand.
            declared_at: Where it is declared, for messages.
            item: Words a fault as an item of a problem's ``errors``.
            loads: Reads a JSON text.

        Raises:
            DeclarationError: No text can satisfy a field.
        """
        found = each.bound.load_fields
        self.styles: dict[str, ParameterStyle] = {
            name: style_of(name, field, location, declared_at) for name, field in found.items()
        }
        self.known = frozenset(found)
        self.strict = each.bound.schema.unknown == RAISE
        self.include = each.bound.schema.unknown == INCLUDE
        # A query that is not UTF-8 is refused as a whole; other places have U+FFFD for such bytes.
        self._is_replacing = location != "query"
        self._deep = frozenset(
            name for name, style in self.styles.items() if style.writing is Writing.MEMBERS
        )
        self._single = self._written(Writing.ONE)
        self._repeated = self._written(Writing.REPEATED)
        # PERF: `each.bound.load` is one call more.
        self.load_schema, self.shape = each.bound.loader(Invalid), each.shape
        self._item = item
        self._loads = loads

    def _written(self, writing: Writing) -> frozenset[str]:
        """Return the names of fields that are written in a way and need no decoding.

        A field in JSON does, and a name with ``%`` or ``+``, which a query has escaped.
        """
        return frozenset(
            name
            for name, style in self.styles.items()
            if style.writing is writing and not style.is_json and not {"%", "+"} & {*name}
        )

    def is_known(self, name: str) -> bool:
        """Return whether a name is that of a field, or of an object's member (``filter[a]``)."""
        return name in self.known or (bool(self._deep) and self._member(name) is not None)

    def _member(self, name: str) -> tuple[str, str] | None:
        base, bracket, rest = name.partition("[")
        if not bracket or base not in self._deep or not rest.endswith("]"):
            return None
        return base, rest[:-1]

    def read(self, pairs: Iterable[tuple[str, object]], faults: list[Fault]) -> object:
        """Return the validated value of names and texts.

        Args:
            pairs: Names and texts (or files); unknown names are left out, or handed over if the
                schema includes them.
            faults: Their faults so far.

        Raises:
            UnprocessableContent: Something is invalid; everything is listed (422).
        """
        return self.load(self._gather(pairs, faults), faults)

    def read_plain(self, text: str) -> dict[str, object] | None:
        """Return the values of ``a=1&b=2``, ASCII without NUL, if that is all there is to do.

        None if a name is escaped, unknown, repeated without being a list, or an object, or if a
        value is not Unicode text.
        """
        # PERF: most queries are like this, and take a third of the general way. A name that is
        # known as it stands needs no decoding; only values may have escapes.
        pairs = text.split("&")
        if len(pairs) > _MOST_PLAIN:
            return None
        values: dict[str, object] = {}
        single, has_escapes = self._single, "%" in text or "+" in text
        for pair in pairs:
            name, _, value = pair.partition("=")
            if has_escapes and ("%" in value or "+" in value):
                unescaped = _unescaped(value)
                if unescaped is None:
                    return None
                value = unescaped
            if name in single and name not in values:
                values[name] = value
            elif name in self._repeated:
                _items(values, name).append(value)
            else:
                return None
        return values

    def _gather(
        self, pairs: Iterable[tuple[str, object]], faults: list[Fault]
    ) -> dict[str, object]:
        values: dict[str, object] = {}
        styles = self.styles
        for name, value in pairs:
            style = styles.get(name)
            if type(value) is str and ("\0" in value or ("\ufffd" in value and self._is_replacing)):
                if style is not None or self.include or self.is_known(name):
                    faults.append(unreadable(name, value))
            elif style is None:
                self._add_other(values, name, value, faults)
            elif style.is_json:
                self._add_json(values, name, value, style, faults)
            else:
                _add(values, name, value, style, faults)
        return values

    def _add_other(
        self, values: dict[str, object], name: str, value: object, faults: list[Fault]
    ) -> None:
        """Add a member of an object, or an unknown name if the schema includes those."""
        member = self._member(name) if self._deep else None
        if member is not None:
            base, inner = member
            members = values.setdefault(base, {})
            if isinstance(members, dict):
                _add_one(members, inner, value, member, faults)
        elif self.include:
            if name not in values:
                values[name] = value
                return
            there = values[name]
            values[name] = [*there, value] if isinstance(there, list) else [there, value]

    def _add_json(
        self,
        values: dict[str, object],
        name: str,
        value: object,
        style: ParameterStyle,
        faults: list[Fault],
    ) -> None:
        try:
            data = self._loads(_content(value))
        except BadRequest:
            faults.append(((name,), "Not valid JSON.", "json"))
            return
        if style.writing is Writing.REPEATED:
            _items(values, name).append(data)
        else:
            _add_one(values, name, data, (name,), faults)

    def load(self, values: dict[str, object], faults: list[Fault]) -> object:
        """Load gathered values; faults of gathering are reported with those of the schema.

        Raises:
            UnprocessableContent: There are faults (422).
        """
        value: object = None
        try:
            value = self.load_schema(values)
        except Invalid as invalid:
            reported_fields = {path[0] for path, _, _ in faults}
            faults = [*faults, *_others(invalid.faults, reported_fields)]
        if faults:
            raise self.refusal(faults) from None
        return value if self.shape is None else self.shape(value)

    def refusal(self, faults: Sequence[Fault]) -> UnprocessableContent:
        """Return the problem that lists faults."""
        return UnprocessableContent(errors=[self._item(fault) for fault in faults])


def _add(
    values: dict[str, object],
    name: str,
    value: object,
    style: ParameterStyle,
    faults: list[Fault],
) -> None:
    if style.writing is Writing.ONE:
        _add_one(values, name, value, (name,), faults)
    elif style.writing is Writing.REPEATED:
        _items(values, name).append(value)
    elif style.writing is Writing.DELIMITED:
        # NOTE: some generated clients repeat a parameter that is declared delimited.
        text = str(value)
        _items(values, name).extend(text.split(style.delimiter) if text else ())
    else:
        faults.append(((name,), "Send its members, as in name[member].", "type"))


def _others(faults: Sequence[Fault], reported_fields: set[str | int]) -> list[Fault]:
    return [fault for fault in faults if not fault[0] or fault[0][0] not in reported_fields]


def _items(values: dict[str, object], name: str) -> list[object]:
    found = values.setdefault(name, [])
    return found if isinstance(found, list) else []


def _add_one(
    values: dict[str, object],
    name: str,
    value: object,
    path: tuple[str | int, ...],
    faults: list[Fault],
) -> None:
    if name in values:
        faults.append((path, "Given more than once.", "repeated"))
    values[name] = value


def unreadable(name: str, value: str) -> Fault:
    """Return the fault of a text that has a NUL character or is not UTF-8."""
    if "\0" in value:
        return (name,), "It has a NUL character.", "nul"
    return (name,), "Not UTF-8.", "encoding"  # the character stands for bytes that are not


def _content(value: object) -> bytes:
    """Return the bytes of a JSON part, which clients send with a file name or without."""
    if isinstance(value, str):
        return value.encode()
    read: Callable[[], bytes] = getattr(value, "read", bytes)
    return read()


def _unescaped(text: str) -> str | None:
    """Return ASCII text without its escapes; None if `unquote` must decide their meaning."""
    text = text.replace("+", " ")
    if "%" not in text:
        return text
    if "\\" in text:
        return None
    # PERF: ``%C3`` as Python's own escape ``\\xC3`` is read by C code: a quarter of `unquote`. It
    # accepts the same two hexadecimal digits, and fails at everything else.
    try:
        value = unicode_escape_decode(text.replace("%", r"\x"))[0].encode("latin-1").decode()
    except UnicodeError:
        return None
    return None if "\0" in value or "\ufffd" in value else value


@cache
def _plain_query() -> re.Pattern[str]:
    """Return the pattern of plain queries, compiled for the first query."""
    return re.compile(_PLAIN)


def plain_pairs(text: str) -> Pairs | None:
    """Split ``a=1&b=2`` if that is all there is to do, as for most queries.

    Returns:
        The names and values, as ``parse_qsl`` has them; None if something is escaped or missing, or
        if there are many pairs.
    """
    # PERF: `parse_qsl` unquotes every name and value in Python.
    if not text.isascii() or _plain_query().fullmatch(text) is None:
        return None
    parts = (pair.partition("=") for pair in text.split("&"))
    return [(name, value) for name, _, value in parts]


def parse_pairs(text: str, where: Mapping[str, object]) -> Pairs:
    """Split ``a=1&b=2``, as a query or a form has it; bytes arrive as Latin-1.

    Args:
        text: The query or form.
        where: The members of an error item that name the place.

    Raises:
        UnprocessableContent: It is not UTF-8, or has more than 1,000 pairs (422).
    """
    if (plain := plain_pairs(text)) is not None:
        return plain
    try:
        text = text if text.isascii() else text.encode("latin-1").decode("utf-8")
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_PAIRS)
    except UnicodeError:
        detail, code = "It is not UTF-8.", "encoding"
    except ValueError:
        detail, code = f"It has more than {MAX_PAIRS} names and values.", "too_many"
    item: InvalidItem = {"detail": detail, "code": code}
    item.update(where)  # type: ignore[typeddict-item]  # members of an item, named by the caller
    raise UnprocessableContent(errors=[item])
