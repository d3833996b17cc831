"""Values by field type: those a field takes, those it nearly takes,
and hostile ones for any field.
"""

from __future__ import annotations

from .vocabulary import Leaf, leaf

__all__ = ["DUMPED", "HOSTILE", "KEYS", "LOADED", "NEAR"]


def _pool(*sources: str) -> list[Leaf]:
    return [leaf(source) for source in sources]


_INTS = ("1", "0", "-5", "7", "12", "10**20", "2**63", "-2**63", "3")
_NUMBER_TEXTS = (
    "'12'",
    "' 7 '",
    "'1_000'",
    "'٣'",
    "'-0'",
    "'+5'",
    "'1e3'",
    "'0x10'",
    "'1.5'",
    "''",
    "'9' * 5000",
)
_FLOATS = ("1.5", "0.0", "-0.0", "3.0", "1e308", "5e-324", "0.1", "1e22")
_SPECIAL = (
    "float('nan')",
    "float('inf')",
    "-float('inf')",
    "'NaN'",
    "'Infinity'",
    "'-inf'",
    "'sNaN'",
    "'nan'",
)
_DECIMALS = (
    "Decimal('0.10')",
    "Decimal('1E+5')",
    "Decimal('NaN')",
    "Decimal('-0')",
    "Decimal('sNaN')",
    "Decimal(3)",
)
_ODD_NUMBERS = (
    "True",
    "False",
    "IntSub(3)",
    "FloatSub(1.5)",
    "10**5000",
    "b'12'",
    "1j",
    *_SPECIAL,
    *_DECIMALS,
)
_TEXTS = (
    "'text'",
    "'ba'",
    "'abc\\n'",
    "''",
    "'a'",
    "'abc'",
    "'é\\u2028'",
    "'a\\x00b'",
    "'x' * 300",
    "'red'",
    "' led'",
    "'5'",
)
_ODD_TEXTS = (
    "StrSub('sub')",
    "b'bytes'",
    "b'\\xff'",
    "BytesSub(b'b')",
    "'\\ud800'",
    "Level.LOW",
    "bytearray(b'x')",
)
_DATETIMES = (
    "'2024-02-29T12:30:45'",
    "'2024-02-29T12:30:45.123456+00:00'",
    "'2024-02-29T12:30:45Z'",
    "'2024-02-29 12:30:45-05:30'",
    "'2024-02-29'",
    "'20240229T123045'",
    "'2024-W09-4T12'",
)
_ODD_DATETIMES = (
    "'2024-02-29T12:30:45z'",
    "'2024-02-29T12:30:45.1234567'",
    "'2024-02-30T00:00:00'",
    "'2024-02-29T24:00:00'",
    "'2024-02-29T12:30:60'",
    "' 2024-02-29'",
    "'2024-02-29t12:30:45+00'",
    "'Thu, 29 Feb 2024 12:30:45 +0100'",
    "'Thu, 29 Feb 2024 12:30:45 -0000'",
    "'29/02/2024'",
    "1709209845",
    "1709209845.5",
    "'1709209845'",
    "-1",
    "10**20",
    "float('nan')",
    "True",
    "dt.datetime(2024, 2, 29, 1, 2, 3)",
    "dt.datetime(2024, 2, 29, tzinfo=dt.UTC)",
    "dt.date(2024, 2, 29)",
)
_DATES = ("'2024-02-29'", "'20240229'", "'0001-01-01'", "'2024-W09-4'")
_ODD_DATES = (
    "'2024-2-29'",
    "'2024-02-30'",
    "'29/02/2024'",
    "dt.date(2024, 2, 29)",
    "dt.datetime(2024, 2, 29)",
    "'2024-02-29T00:00'",
)
_TIMES = ("'12:30'", "'12:30:45'", "'12:30:45.123456+02:00'", "'12'", "'T12:30'", "'123045'")
_ODD_TIMES = ("'24:00'", "'12:30:45Z'", "'12:30:45.1234567'", "dt.time(1, 2)", "'12h30'", "'noon'")
_UUIDS = ("'12345678-1234-5678-1234-567812345678'", "'12345678123456781234567812345678'")
_ODD_UUIDS = (
    "'{12345678-1234-5678-1234-567812345678}'",
    "'urn:uuid:12345678-1234-5678-1234-567812345678'",
    "b'0123456789abcdef'",
    "uuid.UUID(int=5)",
    "'12345678-1234-5678-1234-56781234567'",
    "'1234567812345678123456781234567\uff18'",
    "StrSub('12345678-1234-5678-1234-567812345678')",
    "5",
)
_IPS = (
    "'192.168.0.1'",
    "'::1'",
    "'2001:db8::1'",
    "b'10.0.0.1'",
    "'192.168.0.1/24'",
    "'::1/64'",
    "'010.0.0.1'",
    "'1.2.3'",
    "5",
)
_DELTAS = (
    "5",
    "1.5",
    "'2.25'",
    "-3",
    "0",
    "10**20",
    "float('inf')",
    "'nan'",
    "True",
    "dt.timedelta(1)",
)
_LISTS = (
    "[]",
    "['a']",
    "[1, 2]",
    "(1, 2)",
    "{}",
    "'abc'",
    "{'a': 1}",
    "[None]",
    "deque([1])",
    "generate([1, 'a'])",
)
_MAPS = (
    "{}",
    "{'a': 1}",
    "{1: 'x', None: 2}",
    "DictSub(k='v')",
    "Mapped({'a': 1})",
    "OrderedDict(b=1, a=2)",
    "[('a', 1)]",
)
_BOOLS = (
    "True",
    "False",
    "'true'",
    "'no'",
    "0",
    "1",
    "'1'",
    "1.0",
    "0.0",
    "'si'",
    "'ON'",
    "2",
    "[]",
    "'maybe'",
    "''",
    "None",
)
_ENUMS = (
    "'red'",
    "'Blue'",
    "1",
    "'1'",
    "'low'",
    "'LOW'",
    "Color.red",
    "Level.HIGH",
    "3",
    "True",
    "1.0",
    "[]",
    "None",
    "'two'",
)

LOADED: dict[str, list[Leaf]] = {
    "String": _pool(*_TEXTS),
    "Integer": _pool(*_INTS),
    "Float": _pool(*_FLOATS, "1", "2"),
    "Decimal": _pool(
        "'0.10'", "'12.345'", "1", "0.1", "'1E+3'", "12.5", "Decimal('2.50')", "'-0.00'", "1e22"
    ),
    "Boolean": _pool("True", "False", "True", "False", "'true'", "0", "1"),
    "UUID": _pool(*_UUIDS),
    "DateTime": _pool(*_DATETIMES),
    "Date": _pool(*_DATES),
    "Time": _pool(*_TIMES),
    "TimeDelta": _pool("5", "1.5", "'2.25'", "-3", "0"),
    "Raw": _pool("1", "'x'", "[1, {'a': 2}]", "{'a': 1}", "1.5"),
    "Url": _pool(
        "'http://example.org/a?b=1'", "'https://a.example.com'", "'ftp://user@h.org:21/x'"
    ),
    "Email": _pool("'a@example.org'", "'first.last+tag@mail.example.com'"),
    "DateTime rfc": _pool("'Thu, 29 Feb 2024 12:30:45 +0100'", "'Thu, 29 Feb 2024 12:30:45 -0000'"),
    "DateTime rfc8": _pool("'Thu, 29 Feb 2024 12:30:45 GMT'"),
    "DateTime time": _pool("1709209845", "1709209845.5", "'1709209845'", "0"),
    **{
        f"{kind} %d/%": _pool("'29/02/2024'", "'1/1/2024'") for kind in ("DateTime", "Date", "Time")
    },
    **{f"{kind} %Hh%": _pool("'12h30'", "'1h2'") for kind in ("Date", "Time")},
    "IP IP": _pool("'192.168.0.1'", "'::1'"),
    "IP IPv4": _pool("'192.168.0.1'", "b'10.0.0.1'"),
    "IP IPv6": _pool("'2001:db8::1'", "'::1'"),
    "IP IPInterface": _pool("'192.168.0.1/24'", "'::1/64'", "'::1'"),
    "IP IPv4Interface": _pool("'192.168.0.1/24'", "'10.0.0.1'"),
    "IP IPv6Interface": _pool("'::1/64'", "'::1'"),
    "Enum Color name": _pool("'red'", "'Blue'", "Color.red"),
    "Enum Color value": _pool("1", "2", "Color.green"),
    "Enum Level name": _pool("'LOW'", "'HIGH'"),
    "Enum Level value": _pool("'low'", "'high'", "Level.LOW"),
    "Enum Nullable name": _pool("'nothing'", "'one'"),
    "Enum Nullable value": _pool("1", "'two'"),
    "List": _pool("[]", "['a', 'b']", "[1, 2, 3]"),
    "Dict": _pool("{}", "{'a': 1}", "{'a': 1, 'b': 'x'}"),
}
NEAR: dict[str, list[Leaf]] = {
    "String": _pool(*_ODD_TEXTS, "5", "None", "['a']"),
    "Integer": _pool(*_NUMBER_TEXTS, *_ODD_NUMBERS, *_FLOATS),
    "Float": _pool(*_NUMBER_TEXTS, *_ODD_NUMBERS, *_INTS),
    "Decimal": _pool(*_NUMBER_TEXTS, *_ODD_NUMBERS, *_INTS, *_FLOATS),
    "Boolean": _pool(*_BOOLS),
    "UUID": _pool(*_ODD_UUIDS),
    "DateTime": _pool(*_ODD_DATETIMES),
    "Date": _pool(*_ODD_DATES, *_DATETIMES),
    "Time": _pool(*_ODD_TIMES),
    "TimeDelta": _pool(*_DELTAS),
    "Raw": _pool("missing", "generate([1])", "StrSub('x')", "float('nan')"),
    "Url": _pool(
        "'example.org'",
        "'/relative'",
        "'HTTP://EXAMPLE.ORG'",
        "'http://localhost'",
        "''",
        "'javascript://x'",
        "b'http://a.org'",
    ),
    "Email": _pool(
        "'@'",
        "''",
        "'a@b'",
        "'a@localhost'",
        "'\"q\"@x.org'",
        "'a@é.org'",
        "'a' * 200 + '@x.org'",
        "b'a@b.org'",
    ),
    "IP": _pool(*_IPS),
    "Enum": _pool(*_ENUMS),
    "List": _pool(*_LISTS),
    "Dict": _pool(*_MAPS),
}
HOSTILE = _pool(
    *(
        "None",
        "missing",
        "''",
        "0",
        "True",
        "[]",
        "{}",
        "()",
        "Odd()",
        "Stripped([1])",
        "StrSub('1')",
        "IntSub(1)",
        "set()",
    ),
    *(
        "b''",
        "b'\\xff'",
        "10**5000",
        "float('nan')",
        "{'a': {'a': {'a': 1}}}",
        "[[[[1]]]]",
        "generate([])",
        "Iterable_([1, 2])",
    ),
    *(
        "object",
        "len",
        "...",
        "range(3)",
        "memoryview(b'abc')",
        "'\\ud800'",
        "{1, 2}",
        "Color.red",
        "Mapped({})",
        "'{}{0}%s'",
    ),
    *(
        "ListSub(['a'])",
        "frozenset({'a'})",
        "MappingProxyType({'a': 1})",
        "DictSub(a='1')",
        "1.5",
        "'x' * 5000",
        "Decimal('NaN')",
    ),
)
DUMPED: dict[str, list[Leaf]] = {
    "String": _pool(
        *_TEXTS,
        "StrSub('sub')",
        "b'bytes'",
        "5",
        "None",
        "Level.LOW",
        "'x'",
        "b'\\xff'",
        "Odd()",
        "1.5",
    ),
    "Integer": _pool(
        *_INTS,
        "'12'",
        "1.5",
        "True",
        "IntSub(3)",
        "None",
        "'x'",
        "Decimal('2.5')",
        "float('nan')",
        "2.0",
    ),
    "Float": _pool(
        *_FLOATS,
        "1",
        "'1.5'",
        "None",
        "float('nan')",
        "float('inf')",
        "True",
        "FloatSub(2.5)",
        "10**400",
    ),
    "Decimal": _pool(*_DECIMALS, "1", "0.1", "'0.10'", "None", "'x'", "True", "Decimal('1.23456')"),
    "Boolean": _pool("True", "False", "None", "1", "'x'", "0"),
    "UUID": _pool("uuid.UUID(int=5)", "'not'", "None", "5", "uuid.UUID(int=2**100)"),
    "DateTime": _pool(
        "dt.datetime(2024, 2, 29, 1, 2, 3)",
        "dt.datetime(2024, 2, 29, 1, 2, 3, 4, tzinfo=dt.UTC)",
        "dt.datetime(2024, 2, 29, tzinfo=dt.timezone(dt.timedelta(hours=-5, minutes=-30)))",
        *("None", "dt.date(2024, 2, 29)", "'2024'", "5"),
    ),
    "Date": _pool(
        "dt.date(2024, 2, 29)", "dt.date(1, 1, 1)", "dt.datetime(2024, 2, 29, 1)", "None", "'x'"
    ),
    "Time": _pool(
        "dt.time(1, 2)",
        "dt.time(1, 2, 3, 4, tzinfo=dt.UTC)",
        "None",
        "dt.datetime(2024, 2, 29)",
        "'x'",
    ),
    "TimeDelta": _pool(
        "dt.timedelta(1, 2, 3)", "dt.timedelta(-1)", "None", "5", "dt.timedelta(microseconds=1)"
    ),
    "Raw": _pool("1", "'x'", "[1, {'a': 2}]", "Odd()", "missing"),
    "Url": _pool("'http://example.org'", "None", "'x'", "5"),
    "Email": _pool("'a@example.org'", "None", "5"),
    "IP": _pool(
        *(
            "ipaddress.ip_address('10.0.0.1')",
            "ipaddress.ip_address('2001:db8::1')",
            "None",
            "'10.0.0.1'",
        ),
        *("ipaddress.ip_interface('10.0.0.1/8')", "ipaddress.ip_interface('::1/64')"),
    ),
    "Enum": _pool(
        "Color.red",
        "Color.Blue",
        "Level.LOW",
        "Nullable.nothing",
        "Nullable.two",
        "None",
        "'red'",
        "1",
    ),
    "List": _pool(*_LISTS, "Iterable_([1])", "None"),
    "Dict": _pool(*_MAPS, "None", "5"),
}
KEYS = _pool(
    *(
        "'a'",
        "'b'",
        "'extra'",
        "'x'",
        "''",
        "1",
        "None",
        "(1, 2)",
        "b'a'",
        "StrSub('a')",
        "True",
        "1.5",
        "'a.b'",
        "'items'",
    ),
    *("'\\ud800'", "Level.LOW", "'_schema'", "'more'", "'k' * 300"),
)
