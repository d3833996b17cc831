"""webhook_verify: what the official package signs is accepted, and nothing else."""

from __future__ import annotations

import base64
import datetime as dt
import json
import time
from typing import Any

import pytest
from marshmallow import Schema, fields
from standardwebhooks import Webhook

from restkit import App, DeclarationError, Request, takes
from restkit.events import new_secret, webhook_verify
from restkit.openapi.document import build
from restkit.testing import Client

SECRET, OTHER = new_secret(), new_secret()
CONTENT = json.dumps({"type": "a.b", "data": {"name": "Lämp \u2028"}}, ensure_ascii=False)


class Hook(Schema):
    type = fields.Str(required=True)
    data = fields.Dict()


app = App("Receiver")


@app.post("/hooks")
def receive() -> Any:
    """Receive."""
    return {"got": webhook_verify(Request.current(), secrets=[OTHER, SECRET])}


@app.post("/bound")
@takes(body=Hook)
def bound(body: dict[str, Any]) -> Any:
    """Receive with a schema."""
    webhook_verify(Request.current(), secrets=[SECRET], tolerance=10)
    return {"got": body}


client = Client(app)


def signed(
    content: str = CONTENT, *, secret: str = SECRET, message: str = "msg_1", age: float = 0
) -> dict[str, str]:
    moment = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=age)
    return {
        "webhook-id": message,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign(message, moment, content),
    }


def post(headers: dict[str, str], content: str | bytes = CONTENT, path: str = "/hooks") -> Any:
    data = content.encode() if isinstance(content, str) else content
    return client.post(path, content=data, headers={"Content-Type": "application/json", **headers})


@pytest.mark.parametrize("path", ["/hooks", "/bound"])
def test_a_signed_message_is_accepted(path: str) -> None:
    """With a declared body too, whose bytes were read before."""
    response = post(signed(), path=path)
    assert response.status == 200
    assert response.json == {"got": json.loads(CONTENT)}


def test_one_of_several_signatures() -> None:
    """While secrets are replaced, a message has several, and other versions are passed over."""
    headers = signed()
    other = signed(secret=new_secret())["webhook-signature"]
    headers["webhook-signature"] = f"v1a,abc {other} {headers['webhook-signature']}"
    assert post(headers).status == 200


REFUSED: dict[str, Any] = {
    "no headers": lambda: {},
    "no id": lambda: {**signed(), "webhook-id": ""},
    "no time": lambda: {**signed(), "webhook-timestamp": ""},
    "no signature": lambda: {**signed(), "webhook-signature": ""},
    "another id": lambda: {**signed(), "webhook-id": "msg_2"},
    "another time": lambda: {**signed(), "webhook-timestamp": str(int(time.time()) - 1)},
    "another secret": lambda: signed(secret=new_secret()),
    "another content": lambda: signed(CONTENT + " "),
    "no version": lambda: {
        **signed(),
        "webhook-signature": signed()["webhook-signature"].removeprefix("v1,"),
    },
    "version 2": lambda: {
        **signed(),
        "webhook-signature": signed()["webhook-signature"].replace("v1,", "v2,"),
    },
    "too old": lambda: signed(age=310),
    "too new": lambda: signed(age=-310),
    "a word": lambda: {**signed(), "webhook-timestamp": "now"},
    "a fraction": lambda: {**signed(), "webhook-timestamp": f"{time.time()}"},
    "a huge number": lambda: {**signed(), "webhook-timestamp": "9" * 400},
    "other digits": lambda: {**signed(), "webhook-timestamp": "\u0661\u0662"},
    "other letters": lambda: {**signed(), "webhook-signature": "v1,\xe9"},
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str) -> None:
    """Each is a 400, which the document has."""
    assert post(REFUSED[name]()).status == 400


def test_what_is_signed_but_is_no_json() -> None:
    """It is a 400 as well."""
    assert post(signed("nothing"), "nothing").status == 400
    with_twice = '{"a": 1, "a": 2}'
    assert post(signed(with_twice), with_twice).status == 400


def test_the_tolerance_is_an_argument() -> None:
    """Seconds, of the past and of the future."""
    assert post(signed(age=5), path="/bound").status == 200
    assert post(signed(age=20), path="/bound").status == 400


def test_secrets_without_prefix_or_padding() -> None:
    """As the official package takes them."""
    plain = SECRET.removeprefix("whsec_").rstrip("=")
    other = App("Plain")

    @other.post("/hooks")
    def hooks() -> Any:
        return webhook_verify(Request.current(), secrets=[plain])

    response = Client(other).post(
        "/hooks",
        content=CONTENT.encode(),
        headers={"Content-Type": "application/json", **signed()},
    )
    assert response.json == json.loads(CONTENT)


def test_new_secrets() -> None:
    """32 random bytes, in the form that the standard recommends."""
    assert len({new_secret() for _ in range(100)}) == 100
    assert len(base64.b64decode(SECRET.removeprefix("whsec_"))) == 32


def test_the_refusal_is_documented() -> None:
    """The 400 stands in the document of each operation that verifies."""
    paths = build(app)["paths"]
    assert "signature" in paths["/hooks"]["post"]["responses"]["400"]["description"]


@pytest.mark.parametrize(
    "options",
    [
        {"secrets": SECRET},
        {"secrets": []},
        {"secrets": ["whsec_short"]},
        {"secrets": [SECRET, "whsec_" + "é" * 40]},
        {"secrets": [SECRET], "tolerance": 0},
        {"secrets": [SECRET], "tolerance": True},
    ],
    ids=["a text", "none", "short", "other letters", "no tolerance", "a boolean"],
)
def test_mistakes(options: dict[str, Any]) -> None:
    """They are the receiver's own, and no message has a secret in it."""
    wrong = App("Wrong")

    @wrong.post("/hooks")
    def hooks() -> Any:
        return webhook_verify(Request.current(), **options)

    with pytest.raises(DeclarationError) as caught:
        Client(wrong).post("/hooks", content=b"{}", headers=signed("{}"))
    assert SECRET not in str(caught.value)


def test_content_that_is_too_large() -> None:
    """It is a 413, which the document has as well."""
    small = App("Small", max_upload_size=1000)

    @small.post("/hooks")
    def hooks() -> Any:
        """Receive."""
        return webhook_verify(Request.current(), secrets=[SECRET])

    response = Client(small).post("/hooks", content=b"x" * 1001, headers=signed("x"))
    assert response.status == 413
    assert "413" in build(small)["paths"]["/hooks"]["post"]["responses"]
