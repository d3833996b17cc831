"""Parts of URLs: queries and paths are quoted where they have to be, as urllib does."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlencode

import pytest

from restkit.http.uris import query_of, quote_path

TEXTS = ["", "plain-1.5_~", "a b", "ä", "a&b=c", "100%", "a+b", "/", "\x7f", "'", "日本"]


@pytest.mark.parametrize("text", TEXTS)
def test_a_query_is_what_urlencode_makes(text: str) -> None:
    """Plain names and values, and those that need quoting, alone and together."""
    for pairs in ([("name", text)], [(text, "value")], [("plain", "1"), ("name", text)], []):
        assert query_of(pairs) == urlencode(pairs)
        assert parse_qsl(query_of(pairs), keep_blank_values=True) == pairs


@pytest.mark.parametrize("text", TEXTS)
def test_a_path_is_what_quote_makes(text: str) -> None:
    """Everything that cannot stand in a path is quoted."""
    path = f"/books/{text}"
    assert quote_path(path) == quote(path, safe="/!$&'()*+,:;=@")
