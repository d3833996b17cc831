"""The contents and the errors of the contract."""

from collections.abc import Mapping

from marshmallow import Schema, fields
from marshmallow.validate import Length, Regexp

from restkit import ErrorFormat, Problem, envelope
from restkit.sqlalchemy import Window


def _line(error: Mapping[str, object]) -> str:
    return f"{error.get('pointer') or error.get('parameter', '')}: {error.get('detail', '')}"


def _lines(problem: Problem) -> list[str]:
    return [_line(each) for each in problem.errors[:100]] or [problem.detail or problem.title]


Errors = envelope("body", [str], name="Errors")
ERRORS = ErrorFormat("application/json", envelope("errors", Errors, name="GenericError"), _lines)


def _text(most: int, least: int = 0) -> fields.Str:
    return fields.Str(required=True, validate=Length(least, most))


class Person(Schema):
    username = fields.Str(required=True, validate=Regexp(r"^[\w.-]{1,50}\Z"))
    bio = _text(1_000)
    image = _text(500)


class Profile(Person):
    following = fields.Bool(required=True, dump_only=True)


class User(Person):
    email = fields.Email(required=True, validate=Length(max=200))
    password = fields.Str(required=True, load_only=True, validate=Length(8, 100))
    token = fields.Str(required=True, dump_only=True)


class Written(Schema):
    created_at = fields.AwareDateTime(data_key="createdAt", required=True, dump_only=True)
    updated_at = fields.AwareDateTime(data_key="updatedAt", required=True, dump_only=True)
    author = fields.Nested(Profile, required=True, dump_only=True)


class Article(Written):
    slug = fields.Str(required=True, dump_only=True)
    title = _text(100, 1)
    description = _text(500)
    body = _text(50_000)
    tags = fields.List(_text(30, 1), data_key="tagList", required=True, validate=Length(max=20))
    favorited = fields.Bool(required=True, dump_only=True)
    favorites = fields.Int(data_key="favoritesCount", required=True, dump_only=True)


class Articles(Schema):
    items = fields.Nested(Article(exclude=["body"]), many=True, data_key="articles", required=True)
    total = fields.Int(data_key="articlesCount", required=True)


class Comment(Written):
    id = fields.Int(required=True, dump_only=True)
    body = _text(5_000, 1)


class Search(Window):
    tag = fields.Str(validate=Length(max=30))
    author = fields.Str(validate=Length(max=50))
    favorited = fields.Str(validate=Length(max=50))
