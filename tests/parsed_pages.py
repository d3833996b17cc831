"""Pages as tests read them: elements, and what a browser would send of a form."""

from __future__ import annotations

from html.parser import HTMLParser

__all__ = ["HTML", "Element", "Parsed"]

HTML = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


class Element:
    """An element of a page: its attributes and text."""

    def __init__(self, tag: str, attributes: dict[str, str | None]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.text = ""

    def __getitem__(self, name: str) -> str | None:
        return self.attributes[name]

    def __contains__(self, name: str) -> bool:
        return name in self.attributes


class Parsed(HTMLParser):
    """The elements of a page, and what a browser would submit."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self.elements.append(element)
        if tag not in ("input", "meta"):
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop().tag != tag:
            pass

    def handle_data(self, data: str) -> None:
        for each in self._open:
            each.text += data

    def all(self, tag: str) -> list[Element]:
        return [each for each in self.elements if each.tag == tag]

    def by_id(self, identifier: str) -> Element:
        """Return the element with an id, of which there is one."""
        (found,) = (each for each in self.elements if each.attributes.get("id") == identifier)
        return found

    def control(self, name: str) -> Element:
        """Return the last control of a name, which a hidden one may precede."""
        names = (name, f"{name}[]")
        return [each for each in self.elements if each.attributes.get("name") in names][-1]

    def submitted(self) -> list[tuple[str, str]]:
        """Return the names and values that a browser sends (HTML, 4.10.22.4)."""
        out: list[tuple[str, str]] = []
        select: Element | None = None
        chosen = False
        for each in self.elements:
            kind = each.attributes.get("type")
            name = str(each.attributes.get("name"))
            if each.tag == "input" and kind in ("checkbox", "radio"):
                if "checked" in each:
                    out.append((name, str(each["value"])))
            elif each.tag == "input" and kind != "file":
                out.append((name, each.attributes.get("value") or ""))
            elif each.tag == "textarea":
                out.append((name, each.text.removeprefix("\n").replace("\n", "\r\n")))
            elif each.tag == "select":
                select, chosen = each, False
            elif each.tag == "option" and select is not None:
                select_name = str(select["name"])
                value = str(each["value"])
                if "selected" in each:
                    if chosen and "multiple" not in select:
                        out.pop()
                    out.append((select_name, value))
                    chosen = True
                elif value == "" and "multiple" not in select:
                    out.append((select_name, ""))
                    chosen = True
        return out
