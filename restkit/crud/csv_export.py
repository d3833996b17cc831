"""CSV: the items of a collection as rows of text (RFC 4180), safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from urllib.parse import quote

from marshmallow import Schema, fields

from ..contract import Header
from ..encoding import dumps_json
from ..errors import DeclarationError
from .item_serializer import ItemSerializer

__all__ = ["CSV", "CSVExport", "csv_columns", "csv_rows", "export_of"]

CSV = "text/csv"
_CONTENT_TYPE = "text/csv; charset=utf-8; header=present"  # RFC 4180, section 3
_CHUNK = 65536
_MARK = b"\xef\xbb\xbf"
# SECURITY: a spreadsheet runs a cell that begins so as a formula (OWASP, CSV Injection).
_FORMULA = re.compile("\\s*[=+\\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_Path = tuple[str, ...]


class CSVExport:
    """The options of a collection that clients can have as CSV.

    ::

        class Books(CRUDResource[Book]):
            csv = CSVExport(filename="books.csv")
    """

    def __init__(
        self, *, filename: str = "", guard: bool = True, byte_order_mark: bool = False
    ) -> None:
        """Keep the options.

        Args:
            filename: The name under which browsers save the content.
            guard: Whether texts that a spreadsheet would run as formulas get a ``'`` before them.
            byte_order_mark: Whether the content begins with U+FEFF, by which Excel knows UTF-8.

        Raises:
            DeclarationError: The name is no plain name of a file.
        """
        if not isinstance(filename, str) or re.search(r'[\x00-\x1f\x7f/\\"]', filename):
            raise DeclarationError(
                f"CSVExport(filename={filename!r}) must be a name without a path and quotation "
                "marks, such as 'books.csv'."
            )
        self.filename = filename
        self.guard = guard
        self.byte_order_mark = byte_order_mark

    @property
    def headers(self) -> dict[str, str]:
        """The headers that describe the content."""
        found = {"Content-Type": _CONTENT_TYPE}
        if self.filename:
            name = f'filename="{self.filename}"'
            if not self.filename.isascii():  # RFC 8187
                name = f"filename*=UTF-8''{quote(self.filename, safe='')}"
            found["Content-Disposition"] = f"attachment; {name}"
        return found

    def declared_headers(self) -> tuple[Header, ...]:
        """Return the headers of the content besides its media type, for the document."""
        described = "The name under which to save the content (RFC 6266)."
        return (Header("Content-Disposition", described),) if self.filename else ()

    def start(self, columns: Mapping[str, _Path]) -> bytes:
        """Return the content before the first item: the row of the columns' names."""
        mark = _MARK if self.byte_order_mark else b""
        text = _text_of(self.guard)
        return mark + b"".join(_written([[text(name) for name in columns]]))


def export_of(declared: bool | CSVExport) -> CSVExport | None:
    """Return the options of the attribute ``csv`` of a collection, None without CSV."""
    if isinstance(declared, CSVExport):
        return declared
    return CSVExport() if declared else None


def csv_columns(schemas: Iterable[Schema]) -> dict[str, _Path]:
    """Return the columns of items: their names, and the members that they have.

    A nested object has a column for each of its members: ``author.name``.

    Args:
        schemas: The schema of the items, or of each of their kinds.
    """
    paths = (path for each in schemas for path in _paths(each, (type(each),)))
    return {".".join(path): path for path in paths}


def _paths(schema: Schema, above: tuple[type[Schema], ...]) -> Iterator[_Path]:
    for name, field in schema.dump_fields.items():
        key = field.data_key or name
        inner = _single(field)
        if inner is None or type(inner) in above:
            yield (key,)
        else:
            yield from ((key, *path) for path in _paths(inner, (*above, type(inner))))


def _single(field: object) -> Schema | None:
    """Return the schema of a nested object, None for fields that are not one object."""
    if type(field) is not fields.Nested or field.many or field.schema.many:
        return None
    return field.schema


def csv_rows(
    view: ItemSerializer, columns: Mapping[str, _Path], guard: bool
) -> Callable[[Iterable[object]], Iterator[bytes]]:
    """Return a function from items to rows in chunks of about 64 KiB.

    Args:
        view: The serializer of the items.
        columns: The columns.
        guard: Whether texts that look like formulas are guarded.
    """
    text = _text_of(guard)
    paths = list(columns.values())
    dump = view.data

    def row(item: object) -> list[str]:
        data = dump(item)
        return [_cell(_member(data, path), text) for path in paths]

    return lambda items: _written(map(row, items))


def _member(data: object, path: _Path) -> object:
    """Return a member of nested objects, None if one of them is absent."""
    for key in path:
        if not isinstance(data, Mapping):
            return None
        data = data.get(key)
    return data


def _cell(value: object, text: Callable[[str], str]) -> str:
    """Return dumped data as a cell: texts and numbers as they are, lists and objects as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return repr(float(value)) if math.isfinite(value) else ""
    written = dumps_json(value).decode()
    if written[:1] in "[{":
        return written
    return _cell(json.loads(written), text)  # a date, for example, which JSON has as a text


def _text_of(guard: bool) -> Callable[[str], str]:
    return _guarded if guard else str


def _guarded(text: str) -> str:
    """Return a text with a ``'`` before it if a spreadsheet would run it as a formula."""
    if _FORMULA.match(text) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def _written(rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """Yield rows as CSV in chunks."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    for row in rows:
        writer.writerow(row)
        if file.tell() >= _CHUNK:
            yield _taken(file)
    if file.tell():
        yield _taken(file)


def _taken(file: io.StringIO) -> bytes:
    """Return the content of a file, which is empty afterwards."""
    content = file.getvalue().encode("utf-8", "replace")
    file.seek(0)
    file.truncate()
    return content
