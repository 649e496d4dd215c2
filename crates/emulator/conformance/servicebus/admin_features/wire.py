"""What any HTTP client sees: health, keys, and bodies that are not descriptions."""

import urllib.error
import urllib.request

from azure.core.exceptions import ClientAuthenticationError
from admin_features.client import ADMIN, admin, administrator, fresh
from runner import eq, feature, refused


def ask(path, method="GET", body=None, token=None):
    """Status and body."""
    request = urllib.request.Request(ADMIN + path, data=body, method=method)
    if token:
        request.add_header("authorization", token)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def token():
    return admin._credential.get_token(f"http://{ADMIN.split('://')[1]}").token


@feature("wire: health, without a key, as Microsoft's emulator tells it")
def health():
    expected = '{"status":"healthy","message":"Service is healthy."}'
    eq(ask("/health"), (200, expected))


@feature("wire: without a key, and with a wrong one, nothing is told")
def keys():
    status, words = ask("/send-one")
    eq((status, "MissingToken" in words), (401, True))
    with refused(ClientAuthenticationError, "InvalidSignature"):
        administrator("bm90LXRoZS1rZXk=").get_queue("send-one")


@feature("wire: hostile XML is refused, and the next request is served")
def hostile():
    bomb = b'<!DOCTYPE a [<!ENTITY b "bbbb">]><entry><content>&b;</content></entry>'
    deep = b"<a>" * 50_000
    wide = b"<a>" + b"<b/>" * 50_000 + b"</a>"
    wrong = (b"", b"<entry>", b"\xff\xfe", b"{}", bomb, deep, wide)
    for body, expected in [*((body, 400) for body in wrong), (b"x" * 1_000_000, 413)]:
        status, words = ask(f"/{fresh('q')}", "PUT", body, token())
        eq(status, expected, f"status for {body[:20]}")
        assert "<Detail>" in words, words
    eq(ask("/send-one", token=token())[0], 200, "status afterwards")


@feature("wire: other methods, and descriptions of something else, are refused")
def misplaced():
    eq(ask("/send-one", "POST", b"", token())[0], 405)
    topic = b"<entry><content><TopicDescription/></content></entry>"
    eq(ask("/fan-out/subscriptions/new", "PUT", topic, token())[0], 400)
    eq(ask("/$namespaceinfo", "DELETE", None, token())[0], 400)
