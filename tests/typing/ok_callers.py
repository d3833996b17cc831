"""A resource that annotates its request has a typed caller."""

from dataclasses import dataclass

from restkit import Request, Resource


@dataclass
class User:
    name: str


class Me(Resource):
    request: Request[User]

    def get(self) -> dict[str, str]:
        return {"name": self.request.caller.name}


def plain(request: Request) -> object:
    return request.caller
