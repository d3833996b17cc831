"""The pages of posts. Each of them is JSON too, for clients that ask for it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from restkit import (
    Forbidden,
    NotFound,
    Request,
    SeeOther,
    Unauthorized,
    operation,
    provide,
    raises,
    returns,
    takes,
)
from restkit.html import FileResponse, HTMLResource, Session
from restkit.sqlalchemy import session

from .models import Picture, Post, User
from .schemas import (
    PICTURE_TYPES,
    PictureFileSchema,
    PostFormSchema,
    PostPageSchema,
    PostSchema,
    SearchSchema,
)

PER_PAGE = 10


class PostPages(HTMLResource):
    """What the pages below share."""

    request: Request[User | None]
    db = provide(session)

    def find(self, post_id: int, *, to_change: bool = False) -> Post:
        post = self.db.get(Post, post_id)  # None if it is hidden from the caller, see add_row_rules
        if post is None:
            raise NotFound("There is no such post.")
        if to_change and not post.is_writable_by(self.request.caller):
            raise Forbidden("Only its author and admins may change this post.")
        return post

    def page_of(self, query: dict[str, Any]) -> dict[str, object]:
        wanted = select(Post).order_by(Post.created.desc(), Post.id.desc())
        if text := query["q"].strip():
            found = Post.title.icontains(text, autoescape=True)
            wanted = wanted.where(found | Post.body.icontains(text, autoescape=True))
        start = (query["page"] - 1) * PER_PAGE
        posts = self.db.scalars(wanted.offset(start).limit(PER_PAGE + 1)).all()
        more = len(posts) > PER_PAGE
        return {"posts": posts[:PER_PAGE], "more": more, **query}


class Home(PostPages):
    """The posts, the newest first."""

    template = "home.html"
    schema = PostPageSchema

    @takes(query=SearchSchema)
    def get(self, query: dict[str, Any]) -> dict[str, object]:
        """List and search posts."""
        return self.page_of(query)


class Moderation(PostPages):
    """All posts, for admins."""

    template = "moderation.html"
    schema = PostPageSchema

    @takes(query=SearchSchema)
    def get(self, query: dict[str, Any]) -> dict[str, object]:
        """List and search posts, the hidden ones too."""
        return self.page_of(query)


class PostItem(PostPages):
    """One post."""

    template = "post.html"
    schema = PostSchema

    @raises(NotFound)
    def get(self, post_id: int) -> Post:
        """Read a post."""
        return self.find(post_id)

    @raises(Unauthorized, NotFound, Forbidden)
    def delete(self, post_id: int, session: Session) -> SeeOther:
        """Delete a post."""
        if self.request.caller is None:
            raise Unauthorized("Log in.")  # a browser is sent to the login page
        self.db.delete(self.find(post_id, to_change=True))
        session.flash("Deleted.")
        return SeeOther(Home)


class PostPicture(PostPages):
    """The picture of a post."""

    @raises(NotFound)
    @returns(media_types=PICTURE_TYPES)
    def get(self, post_id: int) -> FileResponse:
        """Look at the picture of a post."""
        picture = self.find(post_id).picture
        if picture is None:
            raise NotFound("The post has no picture.")
        return FileResponse(picture.content, media_type=picture.media_type)


class NewPost(PostPages):
    """The page on which a post is written."""

    template = "edit.html"

    def context(self) -> dict[str, object]:
        return {"heading": "New post", "submit": "Publish"}

    def get(self) -> None:
        """Show the form."""

    @operation(operation_id="createPost")
    @takes(form=PostFormSchema, files=PictureFileSchema)
    def post(self, form: dict[str, str], files: dict[str, Any], session: Session) -> SeeOther:
        """Publish a post."""
        post = Post(title="", body="", author=self.request.caller)
        self.db.add(post)
        fill(post, form, files)
        self.db.flush()  # which gives the post its id
        session.flash("Published.", "success")
        return SeeOther(PostItem, post_id=post.id)


class EditPost(PostPages):
    """The page on which a post is changed."""

    template = "edit.html"

    def context(self) -> dict[str, object]:
        return {"heading": "Edit post", "submit": "Save"}

    @raises(NotFound, Forbidden)
    def get(self, post_id: int) -> dict[str, object]:
        """Show the form with the post in it."""
        post = self.find(post_id, to_change=True)
        description = post.picture.description if post.picture else ""
        values = {"title": post.title, "body": post.body, "picture_description": description}
        return {"form": self.form(values)}

    @operation(operation_id="updatePost")
    @takes(form=PostFormSchema, files=PictureFileSchema)
    @raises(NotFound, Forbidden)
    def post(
        self, post_id: int, form: dict[str, str], files: dict[str, Any], session: Session
    ) -> SeeOther:
        """Change a post."""
        fill(self.find(post_id, to_change=True), form, files)
        session.flash("Saved.", "success")
        return SeeOther(PostItem, post_id=post_id)


def fill(post: Post, form: dict[str, str], files: dict[str, Any]) -> None:
    """Set what a form has sent. Without a new file the post keeps its picture."""
    post.title, post.body = form["title"], form["body"]
    if upload := files.get("picture"):
        post.picture = Picture(media_type=upload.mimetype, content=upload.read())
    if post.picture is not None:
        post.picture.description = form["picture_description"]


class Hidden(PostPages):
    """Whether a post is hidden: for admins."""

    @operation(operation_id="hidePost")
    @raises(NotFound)
    def put(self, post_id: int, session: Session) -> SeeOther:
        """Hide a post from everybody but its author and admins."""
        self.find(post_id).hidden = True
        session.flash("Hidden.")
        return SeeOther(Moderation)

    @operation(operation_id="showPost")
    @raises(NotFound)
    def delete(self, post_id: int, session: Session) -> SeeOther:
        """Show a post again."""
        self.find(post_id).hidden = False
        session.flash("Shown again.")
        return SeeOther(Moderation)
