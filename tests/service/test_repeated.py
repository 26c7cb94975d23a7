"""A head that has come before asks the same, of a body of the same size; all else is read anew."""

import pytest

from service.web.repeated import MOST_HEADS, Repeated

HEAD = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nX-API-Key: secret\r\n\r\n"
REQUEST = HEAD + b"{}"


def ask(body):
    return body


@pytest.fixture
def repeated():
    """What is remembered once a request has come."""
    repeated = Repeated()
    repeated.keep(REQUEST, 2, ask)
    return repeated


def test_a_head_that_comes_again_asks_the_same_of_another_body(repeated):
    assert repeated.find(HEAD + b"[]") == (ask, b"[]")


@pytest.mark.parametrize(
    "sent", [HEAD, HEAD + b"{", REQUEST + REQUEST, b"\r\n" + REQUEST, REQUEST.replace(b"x", b"y"), b"", b"{}"], ids=str
)
def test_all_else_is_unknown(repeated, sent):
    assert repeated.find(sent) is None


@pytest.mark.parametrize("sent", [REQUEST + b"{}", REQUEST + REQUEST, REQUEST.replace(b"\r\n\r\n", b"\n\n")], ids=str)
def test_a_request_that_does_not_come_alone_is_not_remembered(sent):
    repeated = Repeated()
    repeated.keep(sent, 2, ask)
    assert (repeated.find(sent), repeated.find(REQUEST)) == (None, None)


def test_only_so_many_heads_are_remembered(repeated):
    for number in range(MOST_HEADS):
        repeated.keep(b"%d\r\n\r\n" % number, 0, ask)
    assert repeated.find(REQUEST) is None
    assert repeated.find(b"%d\r\n\r\n" % (MOST_HEADS - 1)) == (ask, b"")


def test_no_key_is_kept(repeated):
    assert "secret" not in repr(vars(repeated))
