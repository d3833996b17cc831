"""Templates with mistakes that escaping does not mend are refused at start-up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from restkit import App, DeclarationError
from restkit.html import Templates

MakeTemplates = Callable[..., Templates]

WRONG = [
    ("<a href={{ url }}>", 1, 'href={{ ... }} needs quotes: href="{{ ... }}"'),
    ("\n<a\n href = {{ url }}>", 3, "href={{ ... }} needs quotes"),
    ("<input value=a{{ x }}b>", 1, "value=a{{ ... }}b needs quotes"),
    ("<p class='a' id={{ x }}>", 1, "id={{ ... }} needs quotes"),
    ('<img src="{{ a }}" alt={{ b }}>', 1, "alt={{ ... }} needs quotes"),
    ("<p {% if a %}class={{ b }}{% endif %}>", 1, "class={{ ... }} needs quotes"),
    ("{% for a in items %}\n<p id={{ a }}></p>{% endfor %}", 2, "id={{ ... }} needs quotes"),
    ("{{ text|safe }}", 1, "{{ text|safe }} is not escaped"),
    ("{{ text | safe }}", 1, "is not escaped"),
    ("{{ text|safe|trim }}", 1, "is not escaped"),
    ("<button onclick=\"go('{{ x }}')\">", 1, "puts a value into a script"),
    ('<a href="javascript:go()">', 1, "is a script, which pages do not run"),
    ('<a href=" java\nscript:go()">', 1, "is a script, which pages do not run"),
    ("<a href=JavaScript:alert(1)>", 1, "is a script, which pages do not run"),
    ("<script>let a = '{{ x }}';</script>", 1, "stands in a script element. Write"),
    ('<script nonce="{{ csp_nonce() }}">\nlet a = {{ x }};</script>', 2, "in a script element"),
    ("<SCRIPT>{{ x }}</SCRIPT >", 1, "stands in a script element"),
    ("<style>p { color: {{ x|tojson }} }</style>", 1, "stands in a style element. Set a class"),
]
RIGHT = [
    "<a href=\"{{ url }}\" class='{{ name }}' id=fixed>{{ text }}</a>",
    "<p {{ attributes }}>{{ a > b }}</p>",
    '<input {% if checked %}checked{% endif %} value="{{ value }}">',
    "<!-- <a href={{ url }}> -->",
    "{# <a href={{ url }}> #}",
    "{% raw %}<a href={{ url }}>{% endraw %}",
    '<script nonce="{{ csp_nonce() }}">let a = {{ x|tojson }};</script>',
    '<script type="application/json">{{ x | tojson(indent=2) }}</script>',
    "<p>a = {{ b }}, 1 < 2, c={{ d }}</p>",
    "{{ text|safe }} {# lint: the text is a constant #}",
    "{{ safe }} {{ text|safely }}",
    "<p title=\"a > b\" id='{{ x }}'>",
]


def start(made: Templates) -> None:
    app = App("Shop")
    app.install(made)
    app.get("/", template="page.html")(lambda: {})
    app.freeze()


@pytest.mark.parametrize(("source", "line", "message"), WRONG)
def test_a_mistake_is_refused_with_its_line(
    templates: MakeTemplates, tmp_path: Path, source: str, line: int, message: str
) -> None:
    with pytest.raises(DeclarationError) as raised:
        start(templates({"page.html": source}))
    text = str(raised.value)
    assert text.startswith(f"{tmp_path / 'page.html'}, line {line}: ")
    assert message in text
    assert "{# lint: ... #}" in text


@pytest.mark.parametrize("source", RIGHT)
def test_what_is_right_is_taken(templates: MakeTemplates, source: str) -> None:
    made = templates({"page.html": source})
    made.filters["safely"] = str
    start(made)


@pytest.mark.parametrize("how", ["{% extends 'a.html' %}", "{% include 'a.html' %}"])
def test_templates_that_are_used_are_read_too(templates: MakeTemplates, how: str) -> None:
    with pytest.raises(DeclarationError, match=r"a\.html, line 1: id="):
        start(templates({"page.html": how, "a.html": "<p id={{ x }}>"}))


def test_texts_and_templates_of_extensions_are_left_alone(
    templates: MakeTemplates, tmp_path: Path
) -> None:
    (tmp_path / "extra").mkdir()
    (tmp_path / "extra" / "extra.html").write_text("<p id={{ x }}>")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "page.html").write_text("{% include 'extra.html' %}")

    class Extra:
        template_folders = (tmp_path / "extra",)

        def install(self, app: App) -> None:
            """Add nothing but the folder."""

    app = App("Shop")
    app.install(Templates(tmp_path / "own"))
    app.install(Extra())
    app.get("/", template="page.html")(lambda: {})
    app.freeze()


def test_it_can_be_left_out(templates: MakeTemplates) -> None:
    start(templates({"page.html": "<p id={{ x }}>"}, lint=False))
    with pytest.raises(DeclarationError, match="lint"):
        Templates(lint="no")  # type: ignore[arg-type]
