"""The request's body as a file."""

from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from service.config import Settings
from service.web.body_limits import BodyLimitMiddleware, BodyLimits
from service.web.exception_handlers import add_exception_handlers
from service.web.formats import MEDIA_TYPES, SUFFIXES
from service.web.formats.charsets import IN_MEMORY
from service.web.memory_budget import MemoryBudget
from service.web.uploads import UploadDep

CSV = "text/csv"
OCTETS = "application/octet-stream"
MOST = IN_MEMORY + 1000


@pytest.fixture
def received():
    """The files that routes were given."""
    return []


@pytest.fixture
def client(received):
    app = FastAPI()
    app.state.services = SimpleNamespace(settings=Settings(table_bytes=MOST))
    app.add_middleware(
        BodyLimitMiddleware,
        allowed=BodyLimits(n_bytes=1, seconds=60, depth=1),
        budget=MemoryBudget(1 << 30),
    )
    add_exception_handlers(app)

    @app.post("/")
    def measure(body: UploadDep) -> dict[str, object]:
        received.append(body.file)
        return {"size": len(body.file.read()), "content_type": body.content_type}

    @app.post("/failing")
    def fail(body: UploadDep) -> None:
        received.append(body.file)
        raise RuntimeError

    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def upload(client, name, content_type, content=b"a\n1\n", **more):
    return client.post("/", files={"file": (name, content, content_type), **more})


@pytest.mark.parametrize("size", [0, 1, IN_MEMORY, IN_MEMORY + 1])
def test_a_body_is_received_completely(client, size):
    answer = client.post(
        "/", content=b"x" * size, headers={"Content-Type": f"{CSV}; charset=utf-8"}
    )
    assert answer.json() == {"size": size, "content_type": f"{CSV}; charset=utf-8"}


def test_a_body_without_a_media_type_has_an_empty_one(client):
    assert client.post("/", content=b"x").json()["content_type"] == ""


@pytest.mark.parametrize("path", ["/", "/failing"])
@pytest.mark.parametrize(
    "sent", [{"content": b"x" * (IN_MEMORY + 1)}, {"files": {"file": ("a.csv", b"a\n1\n")}}]
)
def test_the_file_is_closed_once_the_answer_was_sent(client, received, path, sent):
    client.post(path, **sent)
    assert [file.closed for file in received] == [True]


@pytest.mark.parametrize("content_type", MEDIA_TYPES)
def test_an_uploaded_file_has_its_declared_media_type(client, content_type):
    assert upload(client, "customers", content_type).json() == {
        "size": 4,
        "content_type": content_type,
    }


@pytest.mark.parametrize("told", [OCTETS, "application/vnd.ms-excel", "text/plain"])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_uploaded_file_without_a_useful_media_type_is_read_by_its_extension(
    client, told, suffix
):
    assert (
        upload(client, f"customers{suffix.upper()}", told).json()["content_type"]
        == SUFFIXES[suffix]
    )


def test_an_uploaded_file_keeps_its_charset(client):
    assert (
        upload(client, "a.csv", f"{CSV}; charset=cp1252").json()["content_type"]
        == f"{CSV}; charset=cp1252"
    )


def test_an_uploaded_file_that_is_nothing_known_stays_so(client):
    assert upload(client, "customers.xlsx", OCTETS).json()["content_type"] == OCTETS


@pytest.mark.parametrize(
    "sent",
    [
        {"files": [("file", ("a.csv", b"a\n1\n", CSV)), ("file", ("b.csv", b"a\n1\n", CSV))]},
        {"files": {"file": ("a.csv", b"a\n1\n", CSV)}, "data": {"customer_id": "a"}},
        {"content": b"--x--\r\n", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
        {"content": b"no form", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
        {"content": b"--x", "headers": {"Content-Type": "multipart/form-data"}},
    ],
    ids=["two files", "a file and a field", "nothing", "no form", "no boundary"],
)
def test_a_form_that_is_not_one_file_is_refused(client, sent):
    answer = client.post("/", **sent)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/unreadable-body")


@pytest.mark.parametrize(
    "sent", [{"content": b"x" * (MOST + 1)}, {"files": {"file": ("a.csv", b"x" * (MOST + 1), CSV)}}]
)
def test_a_body_beyond_the_limit_is_refused(client, sent):
    answer = client.post("/", **sent)
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/body-too-large")
