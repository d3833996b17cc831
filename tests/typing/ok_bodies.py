"""Bodies and responses: unions, raw content, several media types."""

from __future__ import annotations

from typing import Any, BinaryIO

from marshmallow import Schema, fields

from restkit import App, OneOf, Resource, returns, takes


class CatSchema(Schema):
    meow = fields.Int(required=True)


class DogSchema(Schema):
    bark = fields.Str(required=True)


app = App("Bodies")


@app.route("/animals")
class Animals(Resource):
    schema = CatSchema | DogSchema

    @takes(body=OneOf(CatSchema, DogSchema()))
    @returns(CatSchema | DogSchema, 201)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        return body


@app.put("/picture")
@takes(body=bytes, media_types=["image/*"], max_size=1000)
def replace_picture(body: bytes) -> int:
    return len(body)


@app.post("/film")
@takes(body=BinaryIO, media_types=["video/*"])
def add_film(body: BinaryIO) -> int:
    return len(body.read())


@app.post("/either")
@takes(body={"application/json": CatSchema, "text/csv": bytes})
def add_either(body: dict[str, Any] | bytes) -> int:
    return len(body)
