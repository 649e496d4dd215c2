"""Batches, queries and the change feed."""

import asyncio

from azure.cosmos.exceptions import CosmosBatchOperationError

from aio_world import all_of, headers, refused
from runner import equal, feature, holds


def _codes(results):
    return [result["statusCode"] for result in results]


def _create(name, **more):
    return ("create", ({"id": name, "pk": "a", **more},))


async def _failed(container, operations):
    try:
        answer = await container.execute_item_batch(operations, "a")
    except CosmosBatchOperationError as error:
        return error
    raise AssertionError(f"{answer!r} came instead of a failure")


@feature("batch: all six operations in one, in order")
async def _(world):
    container = await world.container()
    results = await container.execute_item_batch(
        [
            _create("1", n=1),
            ("upsert", ({"id": "2", "pk": "a", "n": 2},)),
            ("read", ("1",)),
            ("replace", ("2", {"id": "2", "pk": "a", "n": 3})),
            ("patch", ("1", [{"op": "incr", "path": "/n", "value": 10}])),
            ("delete", ("2",)),
        ],
        "a",
    )
    equal(_codes(results), [201, 201, 200, 200, 200, 204])
    equal((await container.read_item("1", "a"))["n"], 11)


@feature("batch: one that fails takes all others along, 424")
async def _(world):
    container = await world.container()
    await container.create_item({"id": "taken", "pk": "a"})
    error = await _failed(container, [_create("1"), _create("taken"), _create("3")])
    equal([error.error_index, error.status_code], [1, 409])
    equal(_codes(error.operation_responses), [424, 409, 424])
    await refused(404, container.read_item("1", "a"))


@feature("batch: of ten that want the same id one wins, and leaves nothing of the others")
async def _(world):
    container = await world.container()

    async def commit(number):
        return await container.execute_item_batch([_create(f"e{number}"), _create("same")], "a")

    outcomes = await asyncio.gather(*map(commit, range(10)), return_exceptions=True)
    won = [number for number, outcome in enumerate(outcomes) if not isinstance(outcome, Exception)]
    equal(len(won), 1)
    found = await all_of(container.query_items("SELECT VALUE c.id FROM c", partition_key="a"))
    equal(sorted(found), sorted([f"e{won[0]}", "same"]))


@feature("batch: 101 operations are 400")
async def _(world):
    container = await world.container()
    operations = [_create(str(number)) for number in range(101)]
    await refused(400, container.execute_item_batch(operations, "a"))


@feature("queries: across partition keys, ordered, with parameters")
async def _(world):
    container = await world.filled(10, keys=5)
    for _ in range(2):
        query = container.query_items(
            "SELECT VALUE c.n FROM c WHERE c.n > @least ORDER BY c.n DESC",
            parameters=[{"name": "@least", "value": 5}],
        )
        equal(await all_of(query), [9, 8, 7, 6])
        await world.split(container)


@feature("queries: page by page, and on from a continuation")
async def _(world):
    container = await world.filled(10)

    def query():
        return container.query_items(
            "SELECT VALUE c.n FROM c ORDER BY c.n", partition_key="k0", max_item_count=4
        )

    pages = query().by_page()
    equal(await all_of(await anext(pages)), [0, 1, 2, 3])
    token = pages.continuation_token
    rest = [await all_of(page) async for page in query().by_page(token)]
    equal([n for page in rest for n in page], [4, 5, 6, 7, 8, 9])
    holds(all(len(page) <= 4 for page in rest))


@feature("queries: aggregates and GROUP BY")
async def _(world):
    container = await world.filled(6, keys=2)
    equal(await all_of(container.query_items("SELECT VALUE SUM(c.n) FROM c")), [15])
    groups = container.query_items("SELECT c.pk, COUNT(1) AS count FROM c GROUP BY c.pk")
    found = sorted(await all_of(groups), key=lambda row: row["pk"])
    equal(found, [{"pk": "k0", "count": 3}, {"pk": "k1", "count": 3}])


@feature("queries: what cannot be read is 400")
async def _(world):
    container = await world.container()
    await refused(400, all_of(container.query_items("SELECT * FRM c")))


@feature("queries: reading all items")
async def _(world):
    container = await world.filled(7, keys=3)
    items = await all_of(container.read_all_items(max_item_count=2))
    equal(sorted(item["n"] for item in items), list(range(7)))


async def _feed(container, **options):
    items = await all_of(container.query_items_change_feed(**options))
    return [item["id"] for item in items], headers(container)["etag"]


@feature("feed: from the beginning, then on from the continuation")
async def _(world):
    container = await world.filled(5)
    names, token = await _feed(container, start_time="Beginning")
    equal(names, [f"{number:03}" for number in range(5)])
    await container.create_item({"id": "later", "pk": "k0"})
    equal((await _feed(container, continuation=token))[0], ["later"])


@feature("feed: from now on")
async def _(world):
    container = await world.filled(2)
    names, token = await _feed(container, start_time="Now")
    equal(names, [])
    await container.create_item({"id": "later", "pk": "k0"})
    equal((await _feed(container, continuation=token))[0], ["later"])


@feature("feed: of one partition key, and of each feed range")
async def _(world):
    container = await world.filled(12, keys=12)
    equal((await _feed(container, start_time="Beginning", partition_key="k3"))[0], ["003"])
    await world.split(container)
    names = []
    for feed_range in await all_of(container.read_feed_ranges(force_refresh=True)):
        names += (await _feed(container, start_time="Beginning", feed_range=feed_range))[0]
    equal(sorted(names), [f"{number:03}" for number in range(12)])


@feature("feed: it goes on across a split without loss or repetition")
async def _(world):
    container = await world.filled(10, keys=10)
    _, token = await _feed(container, start_time="Beginning")
    await world.split(container)
    for number in range(10):
        await container.create_item({"id": f"new{number}", "pk": f"k{number}"})
    names, _ = await _feed(container, continuation=token)
    equal(sorted(names), [f"new{number}" for number in range(10)])


@feature("feed: a transaction comes whole, whatever the size of the page")
async def _(world):
    container = await world.container()
    for batch in range(3):
        operations = [_create(f"{batch}-{number}") for number in range(5)]
        await container.execute_item_batch(operations, "a")
    feed = container.query_items_change_feed(start_time="Beginning", max_item_count=2)
    pages = [await all_of(page) async for page in feed.by_page()]
    for page in pages:
        equal(len(page), 5 * len({item["_lsn"] for item in page}))
    equal(sum(len(page) for page in pages), 15)
