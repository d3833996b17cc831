"""Settings of one's own, and the security scheme protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_type

from restkit import App, Request, Resource, SecurityScheme, Settings, Unauthorized


@dataclass(frozen=True, kw_only=True)
class ShopSettings(Settings):
    database_url: str = "sqlite://"


settings = ShopSettings.load(dotenv=False, environ={})
assert_type(settings, ShopSettings)
app = App("Shop", settings=settings)
App("Shop", max_body_size=1_000, trailing_slash="strict", docs_url=None, contract="off")


@dataclass(frozen=True)
class Key:
    key: str
    name: str = "key"

    def document(self) -> Mapping[str, object]:
        return {"type": "apiKey", "in": "header", "name": "X-Key"}

    def authenticate(self, request: Request, scopes: Sequence[str]) -> object:
        if request.headers.get("X-Key") != self.key:
            raise Unauthorized
        return self.key


scheme: SecurityScheme = Key("s3cret")


class Orders(Resource):
    security = [(scheme, ["write"]), Key("other")]
