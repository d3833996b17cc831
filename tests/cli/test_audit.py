"""``restkit routes --audit``: what guards each operation, and what nobody has guarded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from restkit import App

from .shops import invoke

NOTES = """
from dataclasses import dataclass

from restkit import App, Resource, access, anonymous, operation, takes
from restkit.caching import Cache
from restkit.crud import CRUDResource, MemoryStore
from restkit.limits import Concurrency, Rate
from restkit.security import APIKey, HTTPBearer, role, scope


@dataclass
class Note:
    text: str = ""
    owner: str = ""
    id: int = 0


tokens = HTTPBearer({}.get)
keys = APIKey(keys={"0123456789abcdef": 1})
app = App(
    "Notes",
    security=tokens | keys,
    max_body_size=1000,
    limits=[Rate(9, per="minute"), Concurrency(5)],
)


class Notes(CRUDResource[Note]):
    model = Note
    store = MemoryStore(Note)
    methods = ("GET", "POST")
    permission = role("editor")


class Mine(Notes):
    name = "Mine"
    cache = Cache(60)
    store = MemoryStore(Note)

    def scope(self):
        return {"owner": self.request.caller}


class Ruled(Notes):
    name = "Ruled"
    store = MemoryStore(Note)


Ruled.store.rows(Note, read=lambda me: {"owner": me})


@app.get("/health", public=True, cache=Cache(0.5))
@operation(deprecated=True)
def health() -> dict:
    return {}


@app.get("/both", security=(tokens & keys) | anonymous)
def both() -> dict:
    return {}
"""

_LIMITS = "9-per-minute, concurrency-5"
_LAST = ["CACHE", "DEPRECATED", "FINDINGS"]

OPEN = """
from restkit import App

app = App("Open")
inner = App("Inner")


@app.get("/")
def home() -> dict:
    return {}


@inner.get("/", public=True)
def meant() -> dict:
    return {}


app.mount("/inner", inner)
"""


@pytest.fixture
def _notes(shop: Path) -> None:
    (shop / "notes.py").write_text(NOTES, "utf-8")
    (shop / "open.py").write_text(OPEN, "utf-8")


def add(shop: Path, lines: str) -> None:
    (shop / "notes.py").write_text(NOTES + lines, "utf-8")


@pytest.mark.usefixtures("_notes")
def test_the_table(shop: Path) -> None:
    add(shop, 'app.add("/mine", Mine)\n')
    result = invoke("routes", "notes", "--audit")
    assert result.exit_code == 0
    rows = [line.split("  ") for line in result.stdout.splitlines()]
    found = [[cell.strip() for cell in row if cell] for row in rows]
    guards = ["bearer | api_key", "the role editor", "scope", "-", _LIMITS]
    assert found == [
        ["METHOD", "PATH", "SECURITY", "PERMISSION", "ROWS", "MASKS", "LIMITS", "BODY", *_LAST],
        ["GET", "/health", "public", "-", "-", "-", _LIMITS, "-", "0.5s", "deprecated", "-"],
        [
            "GET",
            "/both",
            "bearer & api_key | anonymous",
            "-",
            "-",
            "-",
            _LIMITS,
            "-",
            "-",
            "-",
            "-",
        ],
        ["GET", "/mine", *guards, "-", "60s-private", "-", "-"],
        ["POST", "/mine", *guards, "1000", "-", "-", "-"],
        ["GET", "/mine/<int(max=9223372036854775807):id>", *guards, "-", "60s-private", "-", "-"],
    ]
    assert result.stderr == ""


@pytest.mark.usefixtures("_notes")
def test_a_model_without_a_rule(shop: Path) -> None:
    add(shop, 'app.add("/notes", Notes)\n')
    result = invoke("routes", "notes", "--audit")
    assert result.exit_code == 1
    assert result.stdout.count("missing-row-rule") == 3
    assert result.stderr.splitlines()[0] == (
        "GET /notes: The operation reaches every row of a model, whoever calls. "
        "Write database.rows(Model, read=...) or a scope() in the class."
    )


@pytest.mark.usefixtures("_notes")
def test_a_model_with_a_rule(shop: Path) -> None:
    add(shop, 'app.add("/ruled", Ruled)\n')
    result = invoke("routes", "notes", "--audit", "--json")
    assert result.exit_code == 0
    records = {each["path"]: each for each in json.loads(result.stdout)}
    assert records["/ruled"]["rows"] == "rule"
    assert records["/ruled"]["permission"] == "the role editor"
    assert records["/ruled"]["maxBodySize"] == 1000
    assert records["/health"]["security"] == "public"
    assert records["/health"]["findings"] == []
    assert (records["/health"]["rows"], records["/health"]["permission"]) == (None, None)
    assert records["/health"]["operationId"] == "health"
    assert (records["/health"]["cache"], records["/ruled"]["cache"]) == ({"seconds": 0.5}, None)


@pytest.mark.usefixtures("_notes")
def test_what_is_public_without_saying_so() -> None:
    result = invoke("routes", "open", "--audit", "--json")
    assert result.exit_code == 1
    home, meant = json.loads(result.stdout)
    message = (
        "Anyone may call the operation, and nothing says that this is meant. "
        "Declare security on the App, or write public=True."
    )
    assert home["security"] == "nothing"
    assert home["findings"] == [{"rule": "undeclared-public", "message": message}]
    assert (meant["security"], meant["findings"]) == ("public", [])


@pytest.mark.usefixtures("_notes")
def test_writes_without_a_limit(shop: Path) -> None:
    add(shop, '@app.put("/x", limits=[])\ndef x() -> None: ...\n')
    result = invoke("routes", "notes", "--audit", "--json")
    assert result.exit_code == 1
    records = {each["path"]: each for each in json.loads(result.stdout)}
    assert [each["rule"] for each in records["/x"]["findings"]] == ["missing-limit"]
    assert records["/x"]["limits"] == []
    limit, concurrency = records["/health"]["limits"]
    assert (limit["name"], limit["quota"]) == ("9-per-minute", 9)
    assert concurrency == {"concurrency": 5}


@pytest.mark.usefixtures("_notes")
def test_other_limits_do_not_say_how_often(shop: Path) -> None:
    """What bounds one request, or failed logins, does not bound the number of writes."""
    add(
        shop,
        "from restkit import Resource, access\n"
        "from restkit.limits import Deadline, Failures, Sizes\n"
        '@app.route("/x")\n'
        "class X(Resource):\n"
        "    limits = []\n"
        '    @access(limits=[Sizes(target=99), Deadline(5), Failures(9, per="hour")])\n'
        "    def put(self) -> None: ...\n",
    )
    result = invoke("routes", "notes", "--audit", "--json")
    records = {each["path"]: each for each in json.loads(result.stdout)}
    found = records["/x"]
    assert {"sizes": {"target": 99}} in found["limits"]
    assert "missing-limit" in [each["rule"] for each in found["findings"]]
    assert "sizes-target-99, deadline-5, 9-failures" in invoke("routes", "notes", "--audit").stdout


@pytest.mark.usefixtures("_notes")
def test_sarif_has_the_lines(shop: Path) -> None:
    add(shop, 'app.add("/notes", Notes)\n')
    result = invoke("routes", "notes", "--sarif")
    assert result.exit_code == 1
    log = json.loads(result.stdout)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert [each["id"] for each in run["tool"]["driver"]["rules"]] == [
        "undeclared-public",
        "missing-limit",
        "missing-row-rule",
    ]
    first, *others = run["results"]
    assert len(others) == 2
    assert (first["ruleId"], first["level"]) == ("missing-row-rule", "error")
    assert first["message"]["text"].startswith("GET /notes: The operation reaches every row")
    (location,) = first["locations"]
    assert location["logicalLocations"] == [{"fullyQualifiedName": "notes.Notes.list"}]
    physical = location["physicalLocation"]
    assert physical["artifactLocation"]["uri"] == "notes.py"
    line = physical["region"]["startLine"]
    assert NOTES.splitlines()[line - 1] == "class Notes(CRUDResource[Note]):"


@pytest.mark.usefixtures("_notes")
def test_sarif_of_a_function() -> None:
    log = json.loads(invoke("routes", "open", "--sarif").stdout)
    (result,) = log["runs"][0]["results"]
    line = result["locations"][0]["physicalLocation"]["region"]["startLine"]
    assert OPEN.splitlines()[line - 1] == '@app.get("/")'


BODIES = """

@app.post("/usual", limits=[])
@takes(files={"one": Upload()})
def usual(files) -> dict:
    return {}


@app.post("/text")
@takes(body=bytes, media_types=["text/plain"], max_size=20)
def text(body) -> dict:
    return {}


@app.post("/raw")
@takes(body=bytes, media_types=["text/plain"])
def raw(body) -> dict:
    return {}


@app.post("/form")
@takes(files={"one": Upload()}, max_size=30)
def form(files) -> dict:
    return {}
"""


@pytest.mark.usefixtures("_notes")
def test_the_largest_content_is_that_of_the_operation(shop: Path) -> None:
    add(shop, "\nfrom restkit import Upload\n" + BODIES)
    records = json.loads(invoke("routes", "notes", "--audit", "--json").stdout)
    found = {each["path"]: each["maxBodySize"] for each in records}
    assert found["/text"] == 20
    assert found["/form"] == 30
    assert found["/usual"] == found["/raw"] == App("Notes").settings.max_upload_size
    assert found["/health"] is None


@pytest.mark.usefixtures("_notes")
@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("/text", "content of 20 bytes"),
        ("/raw", "content of 67,108,864 bytes"),
        ("/form", "content of 30 bytes"),
        ("/usual", "content of 1,000 bytes, as multipart 67,108,864"),
    ],
)
def test_explain_has_the_largest_content_too(shop: Path, path: str, limit: str) -> None:
    add(shop, "\nfrom restkit import Upload\n" + BODIES)
    assert f"limits: {limit}" in invoke("explain", "notes", "POST", path).stdout


def test_permissions_by_what_a_request_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The audit and `explain` show the rule of each operation."""
    (tmp_path / "pages.py").write_text(
        "from restkit import App, Resource\n"
        "from restkit.security import HTTPBearer, role, scope\n"
        "app = App('Pages', security=HTTPBearer({}.get))\n"
        "class Page(Resource):\n"
        "    permission = {'read': scope('read'), 'post': role('staff')}\n"
        "    def get(self) -> dict[str, str]:\n"
        "        return {}\n"
        "    def post(self) -> None: ...\n"
        "app.add('/page', Page)\n"
    )
    monkeypatch.chdir(tmp_path)
    listed = invoke("routes", "pages", "--audit", "--json").output
    assert '"the scope read"' in listed
    assert '"the role staff"' in listed
    explained = invoke("explain", "pages", "POST", "/page").output
    assert "permission: the role staff, or a 403" in explained
