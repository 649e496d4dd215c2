"""Account, databases, containers, offers."""

import base64

from azure.cosmos.aio import CosmosClient

from aio_world import all_of, refused
from place import fresh
from runner import equal, feature, holds


@feature("account: another key than the account's is 401")
async def _(world):
    key = base64.b64encode(b"another key than the account's").decode()
    client = CosmosClient(world.endpoint, key)
    try:
        await refused(401, client.create_database(fresh("no")))
    finally:
        await client.close()


@feature("databases: create, read, conflict and delete")
async def _(world):
    client = await world.client()
    database = await client.create_database(fresh("d"))
    equal((await database.read())["id"], database.id)
    await refused(409, client.create_database(database.id))
    await client.delete_database(database)
    await refused(404, database.read())


@feature("databases: list and query")
async def _(world):
    client, database = await world.client(), await world.database()
    names = [found["id"] for found in await all_of(client.list_databases(max_item_count=1))]
    equal([len(names), names.count(database.id)], [len(set(names)), 1])
    query = client.query_databases(
        "SELECT * FROM r WHERE r.id = @id", parameters=[{"name": "@id", "value": database.id}]
    )
    equal([found["id"] for found in await all_of(query)], [database.id])


@feature("containers: create, read, replace and delete")
async def _(world):
    database = await world.database()
    container = await world.container(default_ttl=3600)
    found = await container.read()
    equal(found["defaultTtl"], 3600)
    await database.replace_container(container, found["partitionKey"], default_ttl=60)
    equal((await container.read())["defaultTtl"], 60)
    await database.delete_container(container)
    await refused(404, container.read())


@feature("containers: list, and create if it does not exist")
async def _(world):
    database = await world.database()
    container = await world.container()
    found = await all_of(database.list_containers())
    holds(container.id in [one["id"] for one in found])
    again = await database.create_container_if_not_exists(
        container.id, {"paths": ["/pk"], "kind": "Hash"}
    )
    equal((await again.read())["_rid"], (await container.read())["_rid"])


@feature("containers: unique keys, 409")
async def _(world):
    container = await world.container(unique_key_policy={"uniqueKeys": [{"paths": ["/u"]}]})
    await container.create_item({"id": "1", "pk": "a", "u": 1})
    await refused(409, container.create_item({"id": "2", "pk": "a", "u": 1}))


@feature("containers: a default TTL ends items")
async def _(world):
    container = await world.container(default_ttl=5)
    await container.create_item({"id": "1", "pk": "a"})
    await container.create_item({"id": "2", "pk": "a", "ttl": -1})
    world.advance(10)
    await refused(404, container.read_item("1", "a"))
    equal((await container.read_item("2", "a"))["ttl"], -1)


@feature("offers: throughput is read and replaced")
async def _(world):
    container = await world.container(offer_throughput=500)
    equal((await container.get_throughput()).offer_throughput, 500)
    await container.replace_throughput(700)
    equal((await container.get_throughput()).offer_throughput, 700)


@feature("ranges: they follow a split")
async def _(world):
    container = await world.container()
    equal(len(await all_of(container.read_feed_ranges())), 1)
    await world.split(container)
    equal(len(await all_of(container.read_feed_ranges(force_refresh=True))), 2)
