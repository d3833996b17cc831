"""The URLs: users, profiles, articles with their comments and fans, and tags."""

import re
import secrets
from typing import Any, TypeVar

from sqlalchemy import select

from restkit import Conflict, Forbidden, Unauthorized, access, envelope, raises, returns, takes
from restkit.security import Passwords
from restkit.sqlalchemy import Page, Window

from . import schemas
from .callers import OPTIONAL, ConduitResource
from .models import Article, Comment, Fan, Follower, Person, Tag

W = TypeVar("W", Article, Comment)
PASSWORDS = Passwords()
NEWEST = select(Article).order_by(Article.created_at.desc(), Article.id.desc())


def slug_of(title: str) -> str:
    """Return the name of an article in its URL."""
    return "-".join([*re.findall(r"[a-z0-9]+", title.lower())[:12], secrets.token_hex(5)])


class Account(ConduitResource):
    tags = ("User and Authentication",)
    schema = envelope("user", schemas.User)

    @raises(Conflict, description="The name or the address has an account.")
    def change(self, person: Person, values: dict[str, Any]) -> Person:
        """Set values of a user, whose name and address nobody else has."""
        for name in ("username", "email"):
            taken = select(Person.id).where(getattr(Person, name) == values.get(name))
            if self.session.scalar(taken) not in {None, person.id}:
                raise Conflict(f"This {name} has an account.")
        if "password" in values:
            values["password_hash"] = PASSWORDS.hash(values.pop("password"))
        return self.log_in(self.save(person, **values))


class Users(Account):
    @takes(body=envelope("user", schemas.User(only=("username", "email", "password")), "NewUser"))
    def post(self, body: dict[str, Any]) -> Person:
        """Create a user."""
        return self.change(Person(), body)


class Logins(Account):
    @takes(body=envelope("user", schemas.User(only=("email", "password")), "LoginUser"))
    @returns(envelope("user", schemas.User))
    @raises(Unauthorized, description="The address or the password is wrong.")
    def post(self, body: dict[str, str]) -> Person:
        """Log in."""
        person = self.session.scalar(select(Person).filter_by(email=body["email"]))
        known = person.password_hash if person else None
        if not PASSWORDS.verify(body["password"], known) or person is None:
            raise Unauthorized("The address or the password is wrong.")
        return self.log_in(person)


class CurrentUser(Account):
    def get(self) -> Person:
        """Read the user of the token."""
        return self.log_in(self.request.caller)

    @takes(body=envelope("user", schemas.User(partial=True), "UpdateUser"))
    def put(self, body: dict[str, Any]) -> Person:
        """Change the user of the token."""
        return self.change(self.request.caller, body)


class Profiles(ConduitResource):
    tags = ("Profile",)
    schema = envelope("profile", schemas.Profile)

    def get(self, username: str) -> Person:
        """Read a profile."""
        return self.find(Person, username=username)


class Follow(Profiles):
    methods = {"POST", "DELETE"}

    @returns(envelope("profile", schemas.Profile))
    def post(self, username: str) -> Person:
        """Follow a person."""
        person = self.find(Person, username=username)
        self.session.merge(Follower(of_id=person.id, by_id=self.request.caller.id))
        return self.save(person)

    def delete(self, username: str) -> Person:
        """Follow a person no longer."""
        person = self.find(Person, username=username)
        self.discard(Follower, of_id=person.id, by_id=self.request.caller.id)
        return self.save(person)


class ArticleResource(ConduitResource):
    schema = envelope("article", schemas.Article)

    @raises(Forbidden)
    def own(self, row: W) -> W:
        """Return an article or a comment of the caller."""
        if row.author_id != self.request.caller.id:
            raise Forbidden("Only the author may change this.")
        return row


class Articles(ArticleResource):
    @access(security=OPTIONAL)
    @takes(query=schemas.Search)
    @returns(schemas.Articles)
    def get(self, query: dict[str, Any]) -> Page[Article]:
        """List articles, the newest first."""
        conditions = {
            "tag": Article.tags.any(name=query.get("tag")),
            "author": Article.author.has(username=query.get("author")),
            "favorited": Article.fans.any(username=query.get("favorited")),
        }
        found = NEWEST.where(*[conditions[name] for name in conditions if name in query])
        return self.page(found, query["limit"], query["offset"])

    @takes(body=envelope("article", schemas.Article(partial=("tags",)), "NewArticle"))
    def post(self, body: dict[str, Any]) -> Article:
        """Publish an article."""
        body["tags"] = [Tag(name=name) for name in sorted(set(body.get("tags", ())))]
        return self.save(Article(author=self.request.caller), slug=slug_of(body["title"]), **body)


class Feed(ArticleResource):
    @takes(query=Window)
    @returns(schemas.Articles)
    def get(self, query: dict[str, int]) -> Page[Article]:
        """List the articles of the people whom the caller follows."""
        return self.page(NEWEST.where(Article.author.has(Person.following)), **query)


class OneArticle(ArticleResource):
    @access(security=OPTIONAL)
    def get(self, slug: str) -> Article:
        """Read an article."""
        return self.find(Article, slug=slug)

    @takes(body=envelope("article", schemas.Article(exclude=["tags"], partial=True), "EditArticle"))
    def put(self, slug: str, body: dict[str, str]) -> Article:
        """Change an article of one's own; another title gives it another slug."""
        article = self.own(self.find(Article, slug=slug))
        if "title" in body:
            body["slug"] = slug_of(body["title"])
        return self.save(article, **body)

    def delete(self, slug: str) -> None:
        """Delete an article of one's own, with its comments."""
        self.session.delete(self.own(self.find(Article, slug=slug)))


class Favorite(ArticleResource):
    tags = ("Favorites",)

    @returns(envelope("article", schemas.Article))
    def post(self, slug: str) -> Article:
        """Make an article a favorite."""
        article = self.find(Article, slug=slug)
        self.session.merge(Fan(of_id=article.id, by_id=self.request.caller.id))
        return self.save(article)

    def delete(self, slug: str) -> Article:
        """Make an article a favorite no longer."""
        article = self.find(Article, slug=slug)
        self.discard(Fan, of_id=article.id, by_id=self.request.caller.id)
        return self.save(article)


class Comments(ArticleResource):
    tags = ("Comments",)
    schema = envelope("comment", schemas.Comment)

    @access(security=OPTIONAL)
    @returns(envelope("comments", [schemas.Comment]))
    def get(self, slug: str) -> list[Comment]:
        """List the comments of an article."""
        return self.find(Article, slug=slug).comments

    @returns(envelope("comment", schemas.Comment))
    def post(self, slug: str, body: dict[str, str]) -> Comment:
        """Comment on an article."""
        article = self.find(Article, slug=slug)
        return self.save(Comment(article_id=article.id, author=self.request.caller), **body)


class OneComment(ArticleResource):
    tags = ("Comments",)

    def delete(self, slug: str, id: int) -> None:
        """Delete a comment of one's own."""
        article = self.find(Article, slug=slug)
        self.session.delete(self.own(self.find(Comment, id=id, article_id=article.id)))


class Tags(ConduitResource):
    @returns(envelope("tags", [str]))
    def get(self) -> list[str]:
        """List the tags."""
        return list(self.session.scalars(select(Tag.name).distinct().order_by(Tag.name)))
