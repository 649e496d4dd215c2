"""Points, patch, sessions and faults."""

import asyncio
import time

from azure.core import MatchConditions
from azure.cosmos.partition_key import NonePartitionKeyValue, NullPartitionKeyValue

from aio_world import headers, refused
from runner import equal, feature, holds

SAME = MatchConditions.IfNotModified


@feature("items: create, read, upsert, replace and delete")
async def _(world):
    container = await world.container()
    made = await container.create_item({"id": "1", "pk": "a", "n": 1})
    equal(dict(await container.read_item("1", "a")), dict(made))
    equal((await container.upsert_item({"id": "1", "pk": "a", "n": 2}))["n"], 2)
    equal((await container.replace_item("1", {"id": "1", "pk": "a", "n": 3}))["n"], 3)
    await container.delete_item("1", "a")
    await refused(404, container.read_item("1", "a"))


@feature("items: answers carry charge, session token and ETag")
async def _(world):
    container = await world.container()
    item = await container.create_item({"id": "1", "pk": "a"})
    answer = item.get_response_headers()
    holds(1 < float(answer["x-ms-request-charge"]))
    equal(answer["etag"], item["_etag"])
    holds(answer["x-ms-session-token"])


@feature("items: a taken id is 409")
async def _(world):
    container = await world.container()
    await container.create_item({"id": "1", "pk": "a"})
    await refused(409, container.create_item({"id": "1", "pk": "a"}))


@feature("items: a stale ETag is 412 for replace, upsert and delete")
async def _(world):
    container = await world.container()
    first = await container.create_item({"id": "1", "pk": "a"})
    await container.upsert_item({"id": "1", "pk": "a", "n": 2})
    body = {"id": "1", "pk": "a", "n": 3}
    stale = {"etag": first["_etag"], "match_condition": SAME}
    await refused(412, container.replace_item("1", body, **stale))
    await refused(412, container.upsert_item(body, **stale))
    await refused(412, container.delete_item("1", "a", **stale))


@feature("items: of twenty writers on one ETag one wins")
async def _(world):
    container = await world.container()
    item = await container.create_item({"id": "1", "pk": "a"})

    async def write(number):
        body = {"id": "1", "pk": "a", "winner": number}
        return await container.replace_item(
            "1", body, etag=item["_etag"], match_condition=SAME
        )

    outcomes = await asyncio.gather(*map(write, range(20)), return_exceptions=True)
    [winner] = [outcome for outcome in outcomes if not isinstance(outcome, Exception)]
    lost = {outcome.status_code for outcome in outcomes if isinstance(outcome, Exception)}
    equal(lost, {412})
    equal((await container.read_item("1", "a"))["winner"], winner["winner"])


@feature("keys: none, null and a hierarchical one")
async def _(world):
    container = await world.container()
    await container.create_item({"id": "1", "pk": None, "has": "null"})
    await container.create_item({"id": "1", "has": "none"})
    equal((await container.read_item("1", NullPartitionKeyValue))["has"], "null")
    equal((await container.read_item("1", NonePartitionKeyValue))["has"], "none")
    deep = await world.container(["/t", "/u"])
    await deep.create_item({"id": "1", "t": "x", "u": 2})
    equal((await deep.read_item("1", ["x", 2]))["u"], 2)


@feature("read many: items of many keys in one call")
async def _(world):
    container = await world.filled(12, keys=4)
    wanted = [(f"{number:03}", f"k{number % 4}") for number in range(12)]
    found = await container.read_items([*wanted, ("no", "k0")])
    equal(sorted(item["n"] for item in found), list(range(12)))


@feature("patch: all operations in one")
async def _(world):
    container = await world.container()
    await container.create_item({"id": "1", "pk": "a", "n": 1, "old": 1, "list": [1], "m": 0})
    change = [
        {"op": "add", "path": "/list/-", "value": 2},
        {"op": "set", "path": "/new", "value": "x"},
        {"op": "incr", "path": "/n", "value": 5},
        {"op": "replace", "path": "/m", "value": None},
        {"op": "remove", "path": "/old"},
        {"op": "move", "from": "/new", "path": "/moved"},
    ]
    after = await container.patch_item("1", "a", change)
    equal([after["list"], after["n"], after["m"], after["moved"]], [[1, 2], 6, None, "x"])
    equal(["old" in after, "new" in after], [False, False])


@feature("patch: a condition that does not hold is 412")
async def _(world):
    container = await world.container()
    await container.create_item({"id": "1", "pk": "a", "n": 1})
    change = [{"op": "incr", "path": "/n", "value": 1}]
    when = "from c where c.n = 1"
    equal((await container.patch_item("1", "a", change, filter_predicate=when))["n"], 2)
    await refused(412, container.patch_item("1", "a", change, filter_predicate=when))


@feature("sessions: a token from the future is 404/1002")
async def _(world):
    container = await world.container()
    await container.create_item({"id": "1", "pk": "a"})
    token = headers(container)["x-ms-session-token"]
    head, lsn, *rest = token.split("#")
    ahead = "#".join([head, str(int(lsn) + 1000), *rest])
    await refused(404, container.read_item("1", "a", session_token=ahead), 1002)


@feature("faults: a throttled write is sent again after the asked pause")
async def _(world):
    container = await world.container()
    await container.read()
    world.fault(operation="create", action="throttle", retryAfterMs=100, count=2)
    started = time.monotonic()
    equal((await container.create_item({"id": "1", "pk": "a"}))["id"], "1")
    holds(0.19 <= time.monotonic() - started)
    equal(world.faults(), [])


@feature("faults: a status reaches the client with its substatus")
async def _(world):
    container = await world.filled(1)
    world.fault(operation="patch", action="status", status=403, substatus=5300)
    change = [{"op": "set", "path": "/n", "value": 2}]
    await refused(403, container.patch_item("000", "k0", change), 5300)
