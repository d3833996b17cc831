"""Regular expressions of Python as patterns of ECMA-262: each kind of token, letter by letter."""

from __future__ import annotations

import re

import pytest

from restkit.openapi.patterns import translate

REST = r"[^\u0000]*$"
HAS_NO_NUL = r"(?=[^\u0000]*$)"
# A regular expression, and its pattern between the anchor at the start and the rest of the text.
BEGINNINGS = [
    ("a", "a"),
    ("^a", "a"),
    ("a|b", "(?:a|b)"),
    ("^a|b$", "(?:^a|b$)"),
    ("(a|b)c", "(a|b)c"),
    ("((a)|b)|c", "(?:((a)|b)|c)"),
    ("(?:a)", "(?:a)"),
    ("(?=a)a", "(?=a)a"),
    ("(?!a)b", "(?!a)b"),
    ("(?<=a)b", "(?<=a)b"),
    ("(?<!a)b", "(?<!a)b"),
    ("(?P<x>a)(?P=x)", r"(a)(?:\1)"),
    ("(?P<x>a)(?P<y>b)(?P=y)", r"(a)(b)(?:\2)"),
    ("(?s)a.", r"a[^\u0000]"),
    ("a.", r"a[^\n\u0000]"),
    ("(?m)a", "a"),
    (r"(?a)\w", r"\w"),
    ("(?x)a b #c", "ab"),
    ("(?x)a #c\nb", "ab"),
    ("a #b", "a #b"),
    ("(?#c)a", "a"),
    ("a*?", "a*?"),
    ("a+?", "a+?"),
    ("a{2}", "a{2}"),
    ("a{,3}", "a{0,3}"),
    ("a{1,}", "a{1,}"),
    ("a{1,2}?", "a{1,2}?"),
    ("a{b", r"a\{b"),
    ("a+", "a+"),
    (r"\d\w\s", r"\d\w\s"),
    (r"\D\W\S", r"[^\d\u0000][^\w\u0000][^\s\u0000]"),
    (r"\bab\B", r"\bab\B"),
    (r"(a)(b)\2\1", r"(a)(b)(?:\2)(?:\1)"),
    (r"\101", "A"),
    (r"\0", HAS_NO_NUL + "\x00"),
    (r"\01", "\x01"),
    (r"\012", r"\n"),
    (r"[\0a]", HAS_NO_NUL + r"[\x00a]"),
    (r"[^\0a]", r"[^\x00a\u0000]"),
    (r"[\0-a]", HAS_NO_NUL + r"[\x00-a]"),
    (r"\x41", "A"),
    (r"\u0041", "A"),
    (r"\U00000041", "A"),
    (r"\N{LATIN SMALL LETTER A}", "a"),
    (r"\a", "\x07"),
    (r"\f", r"\f"),
    (r"\n", r"\n"),
    (r"\r", r"\r"),
    (r"\t", r"\t"),
    (r"\v", r"\v"),
    (r"\-", "-"),
    (r"\.", r"\."),
    (r"\/", r"\/"),
    ("/", r"\/"),
    ("\n", r"\n"),
    ("\x01", "\x01"),
    ("\ud800", r"\ud800"),
    ("(?i)a", "[Aa]"),
    ("(?i)aB1", "[Aa][Bb]1"),
    ("(?i)é", "[Éé]"),
    (r"(?i)\.", r"\."),
    ("(?i)[a-z]", "[a-zA-Z]"),
    ("(?i)[A-Z]", "[A-Za-z]"),
    ("(?i)[0-9]", "[0-9]"),
    ("(?i)[0-z]", "[0-z]"),
    ("(?i)[A-z]", "[A-z]"),
    ("(?i)[!-z]", "[!-z]"),
    ("(?i)[Y-c]", "[Y-cA-Cy-z]"),
    ("(?i)[é-ñ]", "[é-ñÉ-Ñ]"),
    ("(?i)[a]", "[Aa]"),
    (r"(?i)[\[]", r"[\[]"),
    (r"(?i)[x-\x80]", "[x-X-Z]"),
    ("(?i)[B-z]", "[B-zA]"),
    ("(?i)[A-y]", "[A-yz]"),
    ("(?i)[@-z]", "[@-z]"),
    ("(?i)[A-{]", "[A-{]"),
    ("[a-c]", "[a-c]"),
    (r"[a\-c]", r"[a\-c]"),
    ("[-a]", r"[\-a]"),
    ("[a-]", r"[a\-]"),
    ("[]a]", r"[\]a]"),
    ("[^]a]", r"[^\]a\u0000]"),
    ("[^a]", r"[^a\u0000]"),
    (r"[\s\S]", r"[^\u0000]"),
    (r"[\S\s]", r"[^\u0000]"),
    (r"[^\s\S]", r"[^\s\S\u0000]"),
    (r"[\d\D]", r"[^\u0000]"),
    (r"[\w\W]", r"[^\u0000]"),
    (r"[\d\S]", HAS_NO_NUL + r"[\d\S]"),
    (r"[\s\S.]", HAS_NO_NUL + r"[\s\S.]"),
    (r"[\D]", HAS_NO_NUL + r"[\D]"),
    (r"[\d-]", r"[\d\-]"),
    (r"[\b]", r"[\x08]"),
    (r"[\n]", r"[\n]"),
    (r"[\x01]", r"[\x01]"),
    (r"[\x1f]", r"[\x1f]"),
    ("[ ]", "[ ]"),
    (r"[\^]", r"[\^]"),
    (r"[\]]", r"[\]]"),
    (r"[\[]", r"[\[]"),
    (r"[\\]", r"[\\]"),
    ("[/.]", "[/.]"),
    (r"[\x00-\x1f]", HAS_NO_NUL + r"[\x00-\x1f]"),
    (r"[\101-\103]", "[A-C]"),
    (r"[\N{LATIN SMALL LETTER A}-c]", "[a-c]"),
    ("", ""),
]

CHARACTERS = [chr(code) for code in range(1, 256)]


@pytest.mark.parametrize(("regex", "pattern"), BEGINNINGS, ids=map(ascii, range(len(BEGINNINGS))))
def test_tokens_are_those_of_ecma(regex: str, pattern: str) -> None:
    """A regular expression holds at the start, and any text but NUL may follow."""
    assert translate(re.compile(regex)) == f"^{pattern}{REST}"


@pytest.mark.parametrize(
    ("regex", "pattern"),
    [
        ("^a$", "^a$"),
        ("a$", "^a$"),
        (r"\Aa\Z", "^a$"),
        ("$", "^$"),
        (r"\0$", r"^(?=[^\u0000]*$)" + "\0$"),
    ],
)
def test_an_end_stays_the_end(regex: str, pattern: str) -> None:
    """After an anchor at the end nothing follows."""
    assert translate(re.compile(regex)) == pattern


@pytest.mark.parametrize(
    "regex",
    [
        "(?i)(?P<x>a)(?P=x)",
        "(?m)^a",
        "(?m)a$",
        "a*+",
        "a?+",
        "(?i)ß",
        "a++",
        "(?>a)",
        "(a)?(?(1)b|c)",
        "(?i:a)",
        r"(?i)(a)\1",
        "(?-i:a)",
    ],
)
def test_tokens_without_a_counterpart(regex: str) -> None:
    """An expression that ECMA-262 cannot write, or writes with another meaning, has no pattern."""
    assert translate(re.compile(regex)) is None


def test_bytes_have_no_pattern() -> None:
    """JSON has no bytes."""
    assert translate(re.compile(b"a")) is None


@pytest.mark.parametrize("low", ["!", "0", "@", "A", "B", "Y", "[", "a", "b", "x", "\xe0"])
@pytest.mark.parametrize("high", ["9", "@", "C", "Z", "_", "c", "y", "z", "{", "\x7f", "\xf0"])
def test_ranges_without_case(low: str, high: str) -> None:
    """A range that ignores case takes the characters that Python takes."""
    if low > high:
        low, high = high, low
    regex = re.compile(f"(?i)[{re.escape(low)}-{re.escape(high)}]")
    pattern = translate(regex)
    assert pattern is not None
    assert [each for each in CHARACTERS if re.search(pattern, each)] == [
        each for each in CHARACTERS if regex.match(each)
    ]


def test_long_ranges_without_case() -> None:
    """A range of so many characters that their cases are not sought has no pattern."""
    assert translate(re.compile("(?i)[\x01-\U00010000]")) is not None
    assert translate(re.compile("(?i)[\x01-\U00010001]")) is None
    assert translate(re.compile("[\x01-\U00010001]")) is not None
