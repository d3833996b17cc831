"""Hosts, forwarded addresses, prefixes, paths, queries, file names and URLs."""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import pytest
from hypothesis import strategies as st
from werkzeug.http import parse_options_header

from restkit import Request
from restkit.html.content_disposition import content_disposition
from restkit.html.static_paths import is_plain_name
from restkit.http.request_target import clean_script_name, host_error, host_of, path_of, text_of
from restkit.http.uris import has_dot_segment, is_local_url, query_of, quote_path, uri_of
from restkit.parsing.text_values import parse_pairs, plain_pairs
from restkit.problems import UnprocessableContent
from restkit.security.proxies import client_address

from .fuzzing import fuzz, header_texts, mutated

LABELS = st.text("abcXYZ019-_", min_size=1, max_size=5)
NAMES = st.one_of(
    st.lists(LABELS, min_size=1, max_size=3).map(".".join),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(lambda each: f"[{each}]"),
)
PORTS = st.one_of(st.just(""), st.just(":"), st.integers(0, 70_000).map(lambda port: f":{port}"))
HOSTS = st.tuples(NAMES, PORTS).map("".join)


@fuzz(host=st.one_of(header_texts, mutated(HOSTS), HOSTS))
def test_hosts_of_any_text(host: str) -> None:
    """A host that is accepted is one for the standard library too, and has one spelling."""
    environ: Any = {"HTTP_HOST": host, "SERVER_PROTOCOL": "HTTP/1.1"}
    error = host_error(environ)
    assert host_error(environ) == error
    if error:
        assert host not in error or not host.strip(" .,") or len(host) < 5
        return
    parts = urlsplit(f"http://{host}/")
    assert parts.hostname
    assert parts.path == "/"
    assert parts.username is None
    assert parts.port is None or 0 <= parts.port <= 65535
    for scheme in ("http", "https"):
        once = host_of(host, scheme)
        assert once == host_of(once, scheme) == host_of(host.upper(), scheme)
    request = Request({"HTTP_HOST": host, "PATH_INFO": "/a", "wsgi.url_scheme": "http"})
    assert request.url.endswith("/a")
    assert not request.host.startswith("/")


@fuzz(text=st.one_of(header_texts, mutated(HOSTS), st.ip_addresses().map(str)))
def test_forwarded_addresses_of_any_text(text: str) -> None:
    found = client_address(text)
    assert client_address(found) == found
    address = ipaddress.ip_address(found) if found else None
    assert not getattr(address, "ipv4_mapped", None)


@fuzz(address=st.ip_addresses(), port=st.integers(0, 65535))
def test_forwarded_addresses_have_one_spelling(address: Any, port: int) -> None:
    """That of the standard library; IPv4 in IPv6 is IPv4."""
    mapped = getattr(address, "ipv4_mapped", None)
    found = client_address(str(address))
    assert ipaddress.ip_address(found) == (mapped or address)
    if address.version == 6:
        assert client_address(address.exploded) == client_address(f"[{address}]:{port}") == found
    else:
        assert client_address(f"{address}:{port}") == client_address(f"::ffff:{address}") == found


PATHS = st.text("abc/.%2eFf\\\x00\t \u00e4:@;?#", max_size=20)


@fuzz(text=st.one_of(header_texts, PATHS))
def test_prefixes_of_any_text(text: str) -> None:
    """A prefix before a path never names another host."""
    prefix = clean_script_name(text)
    assert prefix == "" or (prefix[0] == "/" and prefix[1:2] not in ("/", ""))
    assert not urlsplit(f"{prefix}/books").netloc
    assert clean_script_name(prefix) == prefix
    assert not any(each < " " or each == "\x7f" for each in prefix)


@fuzz(text=st.one_of(header_texts, PATHS, st.text(max_size=10)))
def test_local_urls_of_any_text(text: str) -> None:
    for url in (text, f"/{text}", f"//{text}"):
        if is_local_url(url):
            parts = urlsplit(url)
            assert not parts.scheme
            assert not parts.netloc
            assert not parts.path.startswith("//")
            assert "\\" not in url
            made = uri_of(url)
            assert made.isascii()
            assert made.isprintable()


@fuzz(text=st.one_of(PATHS, st.text(st.characters(exclude_categories=["Cs"]), max_size=12)))
def test_quoted_paths_there_and_back(text: str) -> None:
    quoted = quote_path(text)
    assert unquote(quoted) == text
    assert quoted.isascii()
    assert "?" not in quoted
    assert "#" not in quoted
    segments = text.split("/")
    assert has_dot_segment(f"/{text}") == any(each in (".", "..") for each in segments)


@fuzz(text=header_texts)
def test_paths_of_any_bytes(text: str) -> None:
    path = path_of({"PATH_INFO": text})
    assert path.startswith("/")
    assert not path.startswith("//")
    assert text_of(text) == text.encode("latin-1").decode("utf-8", "replace")


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
QUERIES = st.lists(st.tuples(WORDS, WORDS), max_size=5)
RAW = st.one_of(
    header_texts,
    mutated(QUERIES.map(urlencode)),
    st.text("ab=&%+;.~-_2fF", max_size=30),
    st.integers(990, 1010).map(lambda count: "&".join(["a=1"] * count)),
)


@fuzz(text=RAW)
def test_queries_of_any_text(text: str) -> None:
    """As the standard library splits them, or a 422."""
    try:
        found = parse_pairs(text, {"parameter": "", "location": "query"})
    except UnprocessableContent:
        return
    decoded = text.encode("latin-1").decode()
    assert found == parse_qsl(decoded, keep_blank_values=True, errors="strict")
    assert plain_pairs(text) in (None, found)


@fuzz(pairs=QUERIES)
def test_queries_there_and_back(pairs: list[tuple[str, str]]) -> None:
    assert parse_pairs(query_of(pairs), {}) == pairs


@fuzz(name=st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_file_names_there_and_back(name: str) -> None:
    """A file name stays in its header, is a plain name, and is read by Werkzeug as it was meant."""
    text = content_disposition(name)
    assert text.isascii()
    assert text.isprintable()
    kind, options = parse_options_header(text)
    assert kind == "attachment"
    found = options["filename"]
    assert found
    assert "/" not in found
    assert "\\" not in found
    assert set(found) != {"."}
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    if last.isprintable() and last.strip(" .") and len(last) <= 200:
        assert found == last.strip(" ")


@fuzz(name=st.one_of(PATHS, st.text(max_size=12)))
def test_names_of_static_files(name: str) -> None:
    is_odd = any(part == "" or part.startswith(".") for part in name.split("/"))
    assert not is_plain_name(name) or not (is_odd or "\\" in name or "\0" in name)


@pytest.mark.parametrize(
    "url", ["//evil.example", "/\\evil.example", "/\t/evil.example", "http://a"]
)
def test_foreign_urls(url: str) -> None:
    assert not is_local_url(url)
