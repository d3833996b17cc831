"""What is not of the protocols."""

from __future__ import annotations

from restkit import App, Proceed, Request, Response

app = App("Shop")


@app.middleware  # error: type-var, reportArgumentType, reportUntypedFunctionDecorator
def lacks_proceed(request: Request) -> Response:
    return Response()


@app.middleware  # error: type-var, reportArgumentType, reportUntypedFunctionDecorator
def returns_text(request: Request, proceed: Proceed) -> str:
    return "text"


app.problem_handler(KeyError())  # error: arg-type, reportArgumentType
app.install(object())  # error: arg-type, reportArgumentType
