"""Account, authentication, databases."""

import base64
import json
import time
from unittest import mock

from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from azure.cosmos import CosmosClient

from place import KEY, fresh
from runner import equal, feature, holds
from world import headers, refused

OTHER_KEY = base64.b64encode(b"another key than the account's, of the same length").decode()


@feature("account: the document names where to write, and Session consistency")
def _(world):
    account = world.client.get_database_account()
    equal(account.ConsistencyPolicy["defaultConsistencyLevel"], "Session")
    [location] = account.WritableLocations
    holds(location["databaseAccountEndpoint"].startswith("http://127.0.0.1:"))
    equal(account.ReadableLocations, [location])


@feature("auth: another key than the account's is 401")
def _(world):
    refused(401, lambda: CosmosClient(world.endpoint, OTHER_KEY))


@feature("auth: a request dated 20 minutes ago is 403")
def _(world):
    long_ago = "Mon, 01 Jan 2024 00:00:00 GMT"
    with mock.patch("azure.cosmos._base.formatdate", return_value=long_ago):
        error = refused(403, lambda: list(world.client.list_databases()))
    holds("not valid at the current time" in error.message, error.message)


def _part(claims):
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")


class _Entra:
    """A credential with a token of the right structure; the emulator cannot know its signer."""

    def __init__(self, expires_in):
        self.expires_on = int(time.time()) + expires_in

    def get_token(self, *scopes, **_):
        claims = {"aud": scopes[0].removesuffix("/.default"), "exp": self.expires_on}
        token = f"{_part({'alg': 'RS256', 'typ': 'JWT'})}.{_part(claims)}.c2lnbmVk"
        # Never old for the client, so that it is the server which decides.
        return AccessToken(token, int(time.time()) + 3600)


class _Plain(RequestsTransport):
    """The SDK sends tokens over https alone; this is where the encryption would be taken off."""

    def send(self, request, **options):
        request.url = request.url.replace("https://", "http://", 1)
        return super().send(request, **options)


def _as_entra(world, expires_in):
    endpoint = world.endpoint.replace("http://", "https://", 1)
    return CosmosClient(
        endpoint, _Entra(expires_in), transport=_Plain(), enable_endpoint_discovery=False
    )


@feature("auth: a token of Entra ID reads and writes items")
def _(world):
    name = world.container().id
    database = _as_entra(world, 600).get_database_client(world.database.id)
    container = database.get_container_client(name)
    equal(container.create_item({"id": "1", "pk": "a"})["id"], "1")
    equal(container.read_item("1", "a")["pk"], "a")


@feature("auth: a token of Entra ID does not create a database, 403/5300")
def _(world):
    refused(403, _as_entra(world, 600).create_database, fresh("no"), substatus=5300)


@feature("auth: a token that has expired is 401")
def _(world):
    refused(401, lambda: _as_entra(world, -60).get_database_account())


@feature("databases: create, read and delete")
def _(world):
    database = world.client.create_database(fresh("d"))
    found = database.read()
    equal(found["id"], database.id)
    holds(found["_rid"] and found["_etag"] and 0 < found["_ts"])
    equal(found["_self"], f"dbs/{found['_rid']}/")
    world.client.delete_database(database)
    refused(404, database.read)


@feature("databases: a taken id is 409")
def _(world):
    refused(409, world.client.create_database, world.database.id)


@feature("databases: create if it does not exist finds the one there is")
def _(world):
    found = world.client.create_database_if_not_exists(world.database.id)
    equal(found.read()["_rid"], world.database.read()["_rid"])


@feature("databases: the list holds each once, also page by page")
def _(world):
    others = [world.client.create_database(fresh("d")) for _ in range(3)]
    pages = [list(page) for page in world.client.list_databases(max_item_count=2).by_page()]
    holds(all(len(page) <= 2 for page in pages))
    listed = [database["id"] for page in pages for database in page]
    equal(len(listed), len(set(listed)))
    holds({database.id for database in [world.database, *others]} <= set(listed))
    for database in others:
        world.client.delete_database(database)


@feature("databases: a query finds one by its id")
def _(world):
    found = world.client.query_databases(
        "SELECT * FROM root r WHERE r.id = @id",
        parameters=[{"name": "@id", "value": world.database.id}],
    )
    equal([database["id"] for database in found], [world.database.id])


@feature("databases: deleting what is not there is 404")
def _(world):
    refused(404, world.client.delete_database, fresh("no"))


@feature("databases: a deleted one takes its containers along")
def _(world):
    database = world.client.create_database(fresh("d"))
    container = database.create_container_if_not_exists("c", {"paths": ["/pk"], "kind": "Hash"})
    container.create_item({"id": "1", "pk": "a"})
    world.client.delete_database(database)
    again = world.client.create_database(database.id)
    equal(list(again.list_containers()), [])
    world.client.delete_database(again)


@feature("databases: answers carry a charge and an activity id")
def _(world):
    world.database.read()
    answer = headers(world.client)
    holds(0 < float(answer["x-ms-request-charge"]))
    holds(answer["x-ms-activity-id"])
