"""Entity tags of compressed content, on their way out and back."""

from __future__ import annotations

import pytest

from restkit.compression.entity_tags import coded_tag, restore_tags, sent_by


@pytest.mark.parametrize(
    ("tag", "coded"),
    [
        ('"v3"', '"v3-gzip"'),
        ('""', '"-gzip"'),
        ('W/"v3"', 'W/"v3"'),
        ("v3", "v3"),
        ('"v3', '"v3'),
        ('v3"', 'v3"'),
        ("", ""),
    ],
)
def test_the_tag_of_compressed_content(tag: str, coded: str) -> None:
    """A weak tag is the same for all codings."""
    assert coded_tag(tag, "gzip") == coded


@pytest.mark.parametrize("name", ["HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH"])
@pytest.mark.parametrize(
    ("given", "coding", "restored"),
    [
        ('"a-gzip"', "gzip", '"a", "a-gzip"'),
        ('W/"a-gzip"', "gzip", 'W/"a", W/"a-gzip"'),
        ('"a-gzip", "b", "c-gzip"', "gzip", '"a", "c", "a-gzip", "b", "c-gzip"'),
        ('"a-b-gzip"', "gzip", '"a-b", "a-b-gzip"'),
        ('"a-deflate"', "gzip", None),
        ('"a"', "gzip", None),
        ("*", "gzip", None),
        ("", "gzip", None),
    ],
)
def test_the_tags_that_a_client_sends_back(
    name: str, given: str, coding: str, restored: str | None
) -> None:
    """The tag of the content itself is added; what was sent stays."""
    environ: dict[str, object] = {name: given}
    restore_tags(environ, coding)
    assert environ == {name: given if restored is None else restored}


def test_the_tag_of_another_coding_matches_writes_alone() -> None:
    environ: dict[str, object] = {"HTTP_IF_MATCH": '"a-br"', "HTTP_IF_NONE_MATCH": '"a-br"'}
    restore_tags(environ, "gzip")
    assert environ == {"HTTP_IF_MATCH": '"a", "a-br"', "HTTP_IF_NONE_MATCH": '"a-br"'}


@pytest.mark.parametrize(("length", "is_read"), [(8192, True), (8193, False)])
def test_a_long_header_stays_as_it_is(length: int, is_read: bool) -> None:
    given = '"a-gzip"'.rjust(length)
    environ: dict[str, object] = {"HTTP_IF_MATCH": given}
    restore_tags(environ, "gzip")
    assert (environ["HTTP_IF_MATCH"] != given) is is_read


@pytest.mark.parametrize(
    ("environ", "sent"),
    [
        ({}, False),
        ({"HTTP_IF_NONE_MATCH": '"b", "a"'}, True),
        ({"HTTP_IF_NONE_MATCH": '"b"'}, False),
        ({"HTTP_IF_MATCH": '"a"'}, False),
        ({"HTTP_IF_NONE_MATCH": None}, False),
    ],
)
def test_whether_a_client_has_sent_a_tag(environ: dict[str, object], sent: bool) -> None:
    assert sent_by(environ, '"a"') is sent
