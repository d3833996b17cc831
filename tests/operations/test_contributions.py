"""Contributions: what surrounds an Operation declares its problems,
headers and parameters in the record.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import pytest

from restkit import (
    App,
    BadRequest,
    Conflict,
    Contribution,
    DeclarationError,
    Failure,
    Forbidden,
    Gone,
    Header,
    NotFound,
    Operation,
    Parameter,
    Problem,
    Proceed,
    Request,
    Resource,
    Response,
    Scheme,
    ServiceUnavailable,
    TooManyRequests,
    Unauthorized,
    anonymous,
    operation,
    provide,
    raises,
)
from restkit.openapi.shared_components import expanded
from restkit.testing import Client


class Things(Resource):
    def get(self) -> dict[str, int]:
        return {"one": 1}

    def post(self) -> dict[str, int]:
        return {"one": 1}


def failures(app: App, method: str = "GET") -> list[tuple[type[Problem], str]]:
    """Return the problems of the first Operation of a method that are not restkit's own."""
    found = next(each for each in app.operations() if each.method == method)
    own = ("routing", "negotiation", "validation", "body")
    return [(each.problem, each.stage) for each in found.failures if each.stage not in own]


@raises(TooManyRequests, headers={"Retry-After": "Seconds to wait."})
def limited(request: Request, proceed: Proceed) -> Response:
    if "HTTP_X_MANY" in request.environ:
        raise TooManyRequests(headers={"Retry-After": "3"})
    return proceed(request)


class Limiter:
    """A middleware object."""

    @raises(TooManyRequests)
    def __call__(self, request: Request, proceed: Proceed) -> Response:
        return proceed(request)

    @raises(TooManyRequests)
    def around(self, request: Request, proceed: Proceed) -> Response:
        return proceed(request)

    @classmethod
    @raises(TooManyRequests)
    def of_class(cls, request: Request, proceed: Proceed) -> Response:
        return proceed(request)

    @staticmethod
    @raises(TooManyRequests)
    def static(request: Request, proceed: Proceed) -> Response:
        return proceed(request)

    def named(self, name: str, request: Request, proceed: Proceed) -> Response:
        return proceed(request)


@raises(TooManyRequests)
class Declared:
    """A middleware whose class has the declaration."""

    def __call__(self, request: Request, proceed: Proceed) -> Response:
        return proceed(request)


@raises(TooManyRequests)
def three(name: str, request: Request, proceed: Proceed) -> Response:
    return proceed(request)


@pytest.mark.parametrize(
    "middleware",
    [
        limited,
        Limiter(),
        Limiter().around,
        Limiter.of_class,
        Limiter.static,
        Declared(),
        raises(TooManyRequests)(Limiter()),
        functools.partial(three, "a"),
        raises(TooManyRequests)(functools.partial(Limiter().named, "a")),
    ],
)
def test_middleware_of_every_kind(middleware: Any) -> None:
    """A function, an object, a method and a partial function declare alike, and still work."""
    app = App("Kinds")
    app.add("/things", Things)
    app.middleware(middleware)
    assert failures(app) == [(TooManyRequests, "middleware")]
    assert failures(app, "POST") == [(TooManyRequests, "middleware")]
    assert Client(app).get("/things").json == {"one": 1}
    assert Client(app).options("/things").status == 204


def test_the_document_prints_them_with_their_headers() -> None:
    """The response of the middleware, and its header, stand in the document and pass the check."""
    app = App("Document")
    app.add("/things", Things)
    app.middleware(limited)
    client = Client(app)
    responses = client.get("/openapi.json").json["paths"]["/things"]["get"]["responses"]
    shared = client.get("/openapi.json").json["components"]["responses"]
    assert responses["429"] == {"$ref": "#/components/responses/TooManyRequests"}
    assert list(shared["TooManyRequests"]["headers"]) == ["Retry-After"]
    for method in ("GET", "POST", "HEAD", "OPTIONS"):
        response = client.request(method, "/things", headers={"X-Many": "1"})
        assert response.status == 429
        assert response.headers["Retry-After"] == "3"


def test_response_headers_of_a_middleware_and_of_a_verb() -> None:
    """`operation(response_headers=...)` stands on every response that passes through."""

    @operation(response_headers={"X-Time": Header("X-Time", "Seconds.", {"type": "number"})})
    def timed(request: Request, proceed: Proceed) -> Response:
        response = proceed(request)
        response.headers["X-Time"] = "0.5"
        return response

    class Timed(Resource):
        @operation(response_headers={"X-Count": "How many."})
        @raises(NotFound)
        def get(self) -> dict[str, int]:
            return {}

    app = App("Headers")
    app.middleware(timed)
    app.add("/things", Timed)
    get = app.operations()[0]
    assert [each.name for each in get.outputs[0].headers] == ["X-Count", "X-Time"]
    assert {each.name for failure in get.failures for each in failure.headers} == {"X-Time"}
    assert Client(app).get("/things").headers["X-Time"] == "0.5"


def test_handlers() -> None:
    """A handler of the App and one of the class declare what they respond with."""

    class Broken(Resource):
        problem_handlers = {KeyError: raises(Gone)(lambda error, request: Gone())}

        def get(self) -> dict[str, int]:
            raise KeyError(1)

        def post(self) -> None:
            raise LookupError(1)

    app = App("Handlers")
    app.add("/broken", Broken)

    @app.problem_handler(LookupError)
    @raises(Conflict)
    def handle(error: LookupError, request: Request) -> Problem:
        return Conflict()

    assert failures(app) == [(Gone, "handler"), (Conflict, "handler")]
    client = Client(app)
    assert client.get("/broken").status == 410
    assert client.post("/broken").status == 409


def test_factories() -> None:
    """A factory, also one that is an object or a class, declares problems and contributes."""

    class Connection:
        def contribute(self, operation: Operation) -> Contribution:
            return Contribution(extensions={"x-database": operation.method})

        @raises(ServiceUnavailable)
        def __call__(self) -> Iterator[int]:
            yield 1

    @raises(Gone)
    class Value:
        pass

    class Using(Resource):
        connection = provide(Connection())
        value = provide(Value)

        def get(self) -> dict[str, Any]:
            return {"value": self.connection, "is": isinstance(self.value, Value)}

    app = App("Factories")
    app.add("/using", Using)
    assert failures(app) == [(ServiceUnavailable, "provide"), (Gone, "provide")]
    assert app.operations()[0].extensions == {"x-database": "GET"}
    assert Client(app).get("/using").json == {"value": 1, "is": True}


def test_a_class_a_mount_and_an_app() -> None:
    """`raises` above a class, in `mount` and in `App` holds for every Operation inside."""

    @raises(Gone, description="It was here.")
    class Base(Resource):
        pass

    @raises(Conflict)
    class Child(Base):
        def get(self) -> dict[str, int]:
            raise Gone

    low = App("Low", raises=[NotFound])
    low.add("/child", Child)
    app = App("Top", raises=[Failure(TooManyRequests, "proxy", "The proxy limits.")])
    app.mount("/low", low, raises=[ServiceUnavailable])
    assert failures(app) == [
        (Conflict, "method"),
        (Gone, "method"),
        (NotFound, "app"),
        (ServiceUnavailable, "mount"),
        (TooManyRequests, "proxy"),
    ]
    assert [each for each, _ in failures(low)] == [Conflict, Gone, NotFound]
    assert Client(app).get("/low/child").status == 410


@pytest.mark.parametrize("given", [NotFound, "NotFound", [404], [NotFound()], 5])
def test_raises_that_cannot_be_meant(given: Any) -> None:
    """What an App and a mount are given is a sequence of Problem classes."""
    with pytest.raises(DeclarationError, match="Problem class"):
        App("Bad", raises=given)
    with pytest.raises(DeclarationError, match="Problem class"):
        App("Good").mount("/x", App("Low"), raises=given)


def test_helpers_are_read_from_where_they_stand() -> None:
    """A helper of the class or the module, also one behind another, declares for the verb."""

    class Books(Resource):
        def _find(self, key: int) -> int:
            return self._check(key)

        @raises(Gone)
        def _check(self, key: int) -> int:
            if key == 9:
                raise Gone
            return module_helper(key)

        def get(self) -> list[int]:
            return [self._find(key) for key in (1, 9)]

        def post(self) -> None: ...

    app = App("Helpers")
    app.add("/books", Books)
    assert failures(app) == [(Gone, "method"), (Conflict, "method")]
    assert failures(app, "POST") == []
    assert Client(app).get("/books").status == 410


@raises(Conflict)
def module_helper(key: int) -> int:
    return key


# extensions that use public names only


class RateLimit:
    """A limiter: an extension that is its own middleware."""

    def __init__(self, most: int) -> None:
        self._left = most

    def install(self, app: App) -> None:
        app.middleware(self)

    def contribute(self, operation: Operation) -> Contribution:
        retry = Header("Retry-After", "Seconds to wait.", {"type": "integer"}, required=True)
        return Contribution(
            failures=(Failure(TooManyRequests, "limits", "Too many requests.", (retry,)),),
            headers=(Header("RateLimit-Remaining", "Requests left.", {"type": "integer"}),),
            extensions={"x-rate-limit": 2},
        )

    def __call__(self, request: Request, proceed: Proceed) -> Response:
        if not self._left:
            raise TooManyRequests(headers={"Retry-After": "60"})
        self._left -= 1
        response = proceed(request)
        response.headers["RateLimit-Remaining"] = str(self._left)
        return response


class CORS:
    """Cross-origin requests: headers on every response, and preflight requests."""

    def install(self, app: App) -> None:
        app.middleware(self)

    def contribute(self, operation: Operation) -> Contribution:
        return Contribution(
            headers=(Header("Access-Control-Allow-Origin"), Header("Vary")),
            parameters=(Parameter("Origin", "header", "The origin of the page."),),
        )

    def __call__(self, request: Request, proceed: Proceed) -> Response:
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            response = Response(status=204)
            response.headers["Allow"] = "GET, OPTIONS"
            del response.headers["Content-Type"]
        else:
            response = proceed(request)
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Vary"] = "Origin"
        return response


class Tracing:
    """Trace identifiers: a parameter, a header, words, and the operationId in the log."""

    def __init__(self, *, required: bool = False) -> None:
        self.spans: list[str] = []
        self.required = required

    def install(self, app: App) -> None:
        app.middleware(self.trace)

    def contribute(self, operation: Operation) -> Contribution:
        return Contribution(
            headers=(Header("X-Trace", "The trace.", required=self.required),),
            parameters=(
                Parameter("traceparent", "header", "The trace of the caller."),
                Parameter("debug", "query", "Whether to trace.", {"type": "boolean"}),
            ),
            extensions={"x-span": operation.operation_id},
            description="Traced.",
        )

    def trace(self, request: Request, proceed: Proceed) -> Response:
        if request.operation is not None:
            self.spans.append(request.operation.operation_id)
        response = proceed(request)
        response.headers["X-Trace"] = "1"
        return response


@pytest.mark.parametrize("order", list(itertools.permutations((0, 1, 2))))
def test_extensions_in_every_order(order: tuple[int, ...]) -> None:
    """A limiter, CORS and tracing pass the contract check whichever is installed first."""
    tracing = Tracing()
    parts: list[Any] = [RateLimit(4), CORS(), tracing]
    app = App("Extended")
    for index in order[:2]:
        app.install(parts[index])
    app.add("/things", Things)
    low = App("Low")
    low.add("/more", Things)
    app.mount("/low", low)
    app.install(parts[order[2]])
    client = Client(app)
    assert client.get("/things", query={"debug": "1"}).status == 200
    assert client.get("/low/more").headers["X-Trace"] == "1"
    assert client.get("/things", query={"other": "1"}).status == 422
    preflight = {"Access-Control-Request-Method": "GET"}
    assert client.options("/things", headers=preflight).status == 204
    statuses = [client.request(each, "/things").status for each in ("GET", "POST", "HEAD")]
    assert 429 in statuses
    assert tracing.spans[:2] == ["getThings", "getThingsAtLowMore"]
    operations = {each.path: each for each in app.operations() if each.method == "GET"}
    assert operations["/low/more"].extensions["x-rate-limit"] == 2
    assert low.operations()[0].extensions == {}


def test_the_document_has_contributions() -> None:
    """Parameters, members, words and headers of extensions are printed."""
    app = App("Printed")
    app.add("/things", Things)
    for extension in (RateLimit(9), CORS(), Tracing()):
        app.install(extension)
    get = expanded(Client(app).get("/openapi.json").json)["paths"]["/things"]["get"]
    assert [(each["name"], each["in"]) for each in get["parameters"]] == [
        ("Origin", "header"),
        ("traceparent", "header"),
        ("debug", "query"),
    ]
    assert get["x-span"] == "getThings"
    assert get["description"].endswith("Traced.")
    assert {"RateLimit-Remaining", "X-Trace", "Vary"} <= get["responses"]["200"]["headers"].keys()


def test_what_is_undeclared_is_found() -> None:
    """A required header that is missing breaks the contract wherever the response was made."""
    app = App("Lacking")
    app.add("/things", Things)

    class Forgetful(Tracing):
        def trace(self, request: Request, proceed: Proceed) -> Response:
            return proceed(request)

    app.install(Forgetful(required=True))
    with pytest.raises(AssertionError, match="without the header X-Trace"):
        Client(app).get("/things")


@pytest.mark.parametrize(
    "more",
    [
        None,
        (),
        Contribution(failures=(NotFound,)),  # type: ignore[arg-type]  # that is what is tested
        Contribution(headers=Header("X")),  # type: ignore[arg-type]  # that is what is tested
        Contribution(extensions={"rate": 1}),
    ],
)
def test_contributions_that_cannot_be_meant(more: Any) -> None:
    """A contribution that is none is rejected at start-up, with the record that was expected."""

    class Bad:
        def install(self, app: App) -> None: ...

        def contribute(self, operation: Operation) -> Any:
            return more

    app = App("Bad")
    app.add("/things", Things)
    app.install(Bad())
    with pytest.raises(DeclarationError, match="Contribution"):
        app.freeze()


def test_schemes() -> None:
    """A scheme declares what its `authenticate` raises, and contributes to what it guards."""

    class Keys(Scheme):
        name = "key"

        def document(self) -> Mapping[str, object]:
            return {"type": "apiKey", "in": "header", "name": "X-Key"}

        @raises(TooManyRequests, headers={"Retry-After": "Seconds."})
        def authenticate(self, request: Request, scopes: Any) -> object:
            match request.headers.get("X-Key"):
                case "many":
                    raise TooManyRequests
                case "bad":
                    raise BadRequest
                case None:
                    raise Unauthorized
            return "caller"

        def contribute(self, operation: Operation) -> Contribution:
            return Contribution(failures=(Failure(BadRequest, "key", "The key is malformed."),))

    app = App("Keys", security=Keys())
    app.add("/things", Things)
    assert [each for each, _ in failures(app)] == [
        Unauthorized,
        Forbidden,
        TooManyRequests,
        BadRequest,
    ]
    client = Client(app)
    for key, status in (("many", 429), ("bad", 400), ("good", 200)):
        assert client.get("/things", headers={"X-Key": key}).status == status


class Keyed(Scheme):
    name = "key"

    def document(self) -> Mapping[str, object]:
        return {"type": "apiKey", "in": "header", "name": "X-Key"}

    def authenticate(self, request: Request, scopes: Any) -> object:
        if "HTTP_X_KEY" not in request.environ:
            raise Unauthorized
        return "caller"


class _Guarding:
    """An extension that guards what nothing else says, as the documentation of it promises."""

    def __init__(self, scheme: Keyed) -> None:
        self.scheme = scheme

    def install(self, app: App) -> None: ...

    def contribute(self, operation: Operation) -> Contribution:
        is_write = operation.method == "POST"
        return Contribution(security=(((self.scheme, ()),),) if is_write else None)


def test_contributed_security_guards_the_verbs_that_say_none() -> None:
    """An extension's security is enforced and documented for the verbs it is contributed to."""
    app = App("Guarded")
    app.add("/things", Things)
    app.install(_Guarding(Keyed()))
    client = Client(app)
    assert client.get("/things").status == 200
    assert client.post("/things").status == 401
    assert client.post("/things", headers={"X-Key": "k"}).status == 200
    document = client.get("/openapi.json").json
    assert document["paths"]["/things"]["post"]["security"] == [{"key": []}]
    assert "security" not in document["paths"]["/things"]["get"]
    assert "key" in document["components"]["securitySchemes"]


def test_contributed_security_leaves_what_says_its_own() -> None:
    """A class that is public, or has security of its own, is not changed by an extension."""
    app = App("Guarded")
    app.add("/open", Things, public=True)
    app.install(_Guarding(Keyed()))
    assert Client(app).post("/open").status == 200
    found = next(each for each in app.operations() if each.method == "POST")
    assert found.security == ()


def test_contributed_security_reaches_mounted_apps() -> None:
    """The extension of an App guards the Operations of Apps that are mounted on it."""
    app, inner = App("Outer"), App("Inner")
    inner.add("/things", Things)
    app.install(_Guarding(Keyed()))
    app.mount("/inner", inner)
    assert Client(app).post("/inner/things").status == 401
    assert Client(app).get("/inner/things").status == 200


@pytest.mark.parametrize("is_bound_method", [True, False])
@pytest.mark.parametrize("is_outermost", [True, False])
def test_the_object_of_a_bound_method_contributes(
    is_bound_method: bool, is_outermost: bool
) -> None:
    """`app.middleware(self.add)` contributes as `app.middleware(self)` does, where it stands."""

    class Ids:
        def install(self, app: App, /) -> None:
            app.middleware(self.add if is_bound_method else self)

        def add(self, request: Request, proceed: Proceed) -> Response:
            response = proceed(request)
            response.headers["X-Request-Id"] = "1"
            return response

        __call__ = add

        def contribute(self, operation: Operation, /) -> Contribution:
            return Contribution(headers=(Header("X-Request-Id", "The id.", required=True),))

    app = App("Ids")
    app.get("/a")(lambda: {})
    if is_outermost:
        app.install(Ids())
    app.middleware(limited)
    if not is_outermost:
        app.install(Ids())
    failure = next(each for each in app.operations()[0].failures if each.problem is TooManyRequests)
    names = {each.name for each in failure.headers}
    assert ("X-Request-Id" in names) is is_outermost
    response = Client(app).get("/a", environ={"HTTP_X_MANY": "1"})
    assert response.status == 429
    assert ("X-Request-Id" in response.headers) is is_outermost


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (Contribution(parameters=(Parameter("a", "body"),)), "location 'body'"),  # type: ignore[arg-type]  # the mistake
        (Contribution(description=5), "description of a Contribution"),  # type: ignore[arg-type]  # the mistake
        (Contribution(security="key"), "security of a Contribution"),  # type: ignore[arg-type]  # the mistake
        (Contribution(security=anonymous.alternatives), "at least one scheme"),
        (Contribution(security=("key",)), "at least one scheme, not"),  # type: ignore[arg-type]  # the mistake
        (Contribution(security=((("key",),),)), "at least one scheme, not"),  # type: ignore[arg-type]  # the mistake
        (Contribution(security=[()]), "at least one scheme, not"),  # type: ignore[arg-type]  # the mistake
        (Contribution(failures=(Failure(5, "rate"),)), "must be a Problem class, not 5"),  # type: ignore[arg-type]  # the mistake
        (Contribution(failures=(Failure(ValueError, "rate"),)), "must be a Problem class, not <"),  # type: ignore[arg-type]  # the mistake
        (Contribution(failures=(Failure(TooManyRequests, ""),)), "must be a word, not ''"),
        (Contribution(failures=(Failure(TooManyRequests, 5),)), "must be a word, not 5"),  # type: ignore[arg-type]  # the mistake
        (Contribution(extensions={"x-a": object()}), "extensions of a Contribution cannot be"),
        (Contribution(headers=(Header("X-A", object()),)), "description of 'X-A' of a Contr"),  # type: ignore[arg-type]  # the mistake
        (
            Contribution(parameters=(Parameter("a", "query", schema={"type": object()}),)),
            "schema of 'a' of a Contribution cannot be written as JSON",
        ),
        (Contribution(headers=(Header("X Id"),)), "a Contribution has the header 'X Id'"),
        (Contribution(headers=(Header("X-Id", required=1),)), "required must be True or False"),  # type: ignore[arg-type]  # the mistake
        (
            Contribution(failures=(Failure(TooManyRequests, "rate", "", (Header(""),)),)),
            "name of a header in a Contribution must be a string",
        ),
    ],
)
def test_members_of_contributions_that_cannot_be_meant(given: Contribution, words: str) -> None:
    """They are rejected at start-up, with what is expected."""

    class Part:
        def install(self, app: App, /) -> None: ...

        def contribute(self, operation: Operation, /) -> Contribution:
            return given

    app = App("Shop")
    app.add("/things", Things)
    app.install(Part())
    with pytest.raises(DeclarationError, match=words):
        app.freeze()


def test_a_parameter_is_contributed_once() -> None:
    """Two parts that read one header make one parameter."""

    class Part:
        def __init__(self, description: str) -> None:
            self.description = description

        def install(self, app: App, /) -> None: ...

        def contribute(self, operation: Operation, /) -> Contribution:
            return Contribution(parameters=(Parameter("X-Trace", "header", self.description),))

    app = App("Shop")
    app.add("/things", Things)
    app.install(Part("One."))
    app.install(Part("Two."))
    parameters = Client(app).get("/openapi.json").json["paths"]["/things"]["get"]["parameters"]
    assert [each["name"] for each in parameters] == ["X-Trace"]


def test_contributed_parameters_beside_generated_ones() -> None:
    """A header that is generated stands there once; a query parameter may have its name."""

    class Tagging:
        def __call__(self, request: Request, proceed: Proceed) -> Response:
            return proceed(request)

        def contribute(self, operation: Operation) -> Contribution:
            return Contribution(
                parameters=(
                    Parameter("if-match", "header", "Contributed."),
                    Parameter("If-Match", "query", "Contributed, elsewhere."),
                )
            )

    class Tagged(Resource):
        conditional = "required"
        middleware = [Tagging()]

        def put(self) -> None: ...

    app = App("Tags")
    app.add("/tags", Tagged)
    found = Client(app).get("/openapi.json").json["paths"]["/tags"]["put"]["parameters"]
    assert [(each["in"], each["name"]) for each in found] == [
        ("header", "If-Match"),
        ("query", "If-Match"),
    ]
    assert found[0]["required"] is True
    assert found[0]["description"] != "Contributed."


def test_contributed_names_have_case_except_those_of_headers() -> None:
    class Part:
        def install(self, app: App) -> None:
            """Add nothing."""

        def contribute(self, operation: Operation) -> Contribution:
            places: tuple[Literal["header", "query", "cookie"], ...] = ("header", "query", "cookie")
            pairs = ((name, place) for place in places for name in ("Trace", "trace"))
            return Contribution(parameters=tuple(Parameter(*pair) for pair in pairs))

    app = App("Shop")
    app.add("/things", Things)
    app.install(Part())
    operation = app.operations()[0]
    assert [(each.location, each.name) for each in operation.parameters] == [
        ("header", "trace"),
        ("query", "Trace"),
        ("query", "trace"),
        ("cookie", "Trace"),
        ("cookie", "trace"),
    ]
