"""The App."""

from restkit import App
from restkit.security import CORS
from restkit.sqlalchemy import Database

from . import resources
from .callers import OPTIONAL, TOKEN, ConduitSettings
from .models import Base
from .schemas import ERRORS


def create_app(settings: ConduitSettings | None = None) -> App:
    """Make the App; the database is opened when the first request comes."""
    to = settings or ConduitSettings.load()
    app = App(
        "Conduit",
        version="1.0.0",
        description="The API of RealWorld.",
        contact={"name": "The restkit developers", "url": "https://github.com/restkit/restkit"},
        license={"name": "MIT", "identifier": "MIT"},
        settings=to,
        errors=ERRORS,
        security=TOKEN,
        cors=CORS(["*"]),
        extensions=[Database(to.database_url, create=Base.metadata)],
    )
    app.add("/api/users", resources.Users, public=True)
    app.add("/api/users/login", resources.Logins, public=True)
    app.add("/api/user", resources.CurrentUser)
    app.add("/api/profiles/<username>", resources.Profiles, security=OPTIONAL)
    app.add("/api/profiles/<username>/follow", resources.Follow)
    app.add("/api/articles", resources.Articles)
    app.add("/api/articles/feed", resources.Feed)
    app.add("/api/articles/<string(minlength=9):slug>", resources.OneArticle)
    app.add("/api/articles/<string(minlength=9):slug>/favorite", resources.Favorite)
    app.add("/api/articles/<string(minlength=9):slug>/comments", resources.Comments)
    app.add("/api/articles/<string(minlength=9):slug>/comments/<int:id>", resources.OneComment)
    app.add("/api/tags", resources.Tags, public=True)
    return app
