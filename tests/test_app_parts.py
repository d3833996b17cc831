"""Parts of an App that is frozen: nothing more is added, to it or to an App within it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from restkit import App, DeclarationError, Resource


class Page(Resource):
    def get(self) -> dict[str, str]:
        return {}


def _handler(error: Exception, request: Any) -> Any: ...


ADDITIONS: dict[str, Callable[[App], object]] = {
    "a middleware": lambda app: app.middleware(lambda request, proceed: proceed(request)),
    "a handler of KeyError": lambda app: app.problem_handler(KeyError)(_handler),
    "a document hook": lambda app: app.document_hook(lambda document: None),
    "the resource 'Page'": lambda app: app.add("/page", Page),
    "the App 'Other'": lambda app: app.mount("/other", App("Other")),
}


@pytest.mark.parametrize("what", ADDITIONS)
def test_an_app_that_responds_is_complete(what: str) -> None:
    outer, inner = App("Outer"), App("Inner")
    outer.mount("/inner", inner)
    add = ADDITIONS[what]
    add(App("Open"))
    outer.freeze()
    for app in (outer, inner):
        with pytest.raises(
            DeclarationError, match=rf"The App 'Outer' already responds to requests\. Add {what} "
        ):
            add(app)
