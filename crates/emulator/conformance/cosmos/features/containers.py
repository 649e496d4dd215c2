"""Containers, their definitions, offers and ranges."""

from azure.cosmos import PartitionKey, ThroughputProperties

from place import fresh
from runner import equal, feature, holds
from world import refused


@feature("containers: the definition comes back as it was given")
def _(world):
    indexing = {
        "indexingMode": "consistent",
        "automatic": True,
        "includedPaths": [{"path": "/type/?"}],
        "excludedPaths": [{"path": "/*"}],
        "compositeIndexes": [
            [{"path": "/a", "order": "ascending"}, {"path": "/b", "order": "descending"}]
        ],
    }
    unique = {"uniqueKeys": [{"paths": ["/u", "/v"]}]}
    container = world.container(
        indexing_policy=indexing, unique_key_policy=unique, default_ttl=3600
    )
    found = container.read()
    equal(found["indexingPolicy"], indexing)
    equal(found["uniqueKeyPolicy"], unique)
    equal(found["defaultTtl"], 3600)
    equal(found["partitionKey"], {"paths": ["/pk"], "kind": "Hash", "version": 2})
    holds(found["_rid"] and found["_etag"] and found["_self"].endswith(found["_rid"] + "/"))


@feature("containers: without an indexing policy everything is indexed")
def _(world):
    policy = world.container().read()["indexingPolicy"]
    equal(policy["indexingMode"], "consistent")
    equal(policy["automatic"], True)
    equal([path["path"] for path in policy["includedPaths"]], ["/*"])


@feature("containers: a taken id is 409")
def _(world):
    container = world.container()
    refused(409, world.database.create_container, container.id, PartitionKey("/pk"))


@feature("containers: create if it does not exist finds the one there is")
def _(world):
    container = world.container()
    found = world.database.create_container_if_not_exists(container.id, PartitionKey("/pk"))
    equal(found.read()["_rid"], container.read()["_rid"])


@feature("containers: list and query")
def _(world):
    database = world.client.create_database(fresh("d"))
    for name in ["a", "b", "c"]:
        database.create_container(name, PartitionKey("/pk"))
    equal(sorted(found["id"] for found in database.list_containers()), ["a", "b", "c"])
    found = database.query_containers(
        "SELECT * FROM root r WHERE r.id = @id", parameters=[{"name": "@id", "value": "b"}]
    )
    equal([container["id"] for container in found], ["b"])
    world.client.delete_database(database)


@feature("containers: replace changes TTL and indexing, and keeps the items")
def _(world):
    container = world.container()
    container.create_item({"id": "1", "pk": "a"})
    before = container.read()
    policy = {**before["indexingPolicy"], "excludedPaths": [{"path": "/big/*"}]}
    world.database.replace_container(
        container, PartitionKey("/pk"), default_ttl=-1, indexing_policy=policy
    )
    after = container.read()
    equal(after["defaultTtl"], -1)
    holds({"path": "/big/*"} in after["indexingPolicy"]["excludedPaths"])
    holds(after["_etag"] != before["_etag"])
    equal(after["_rid"], before["_rid"])
    equal(container.read_item("1", "a")["id"], "1")


@feature("containers: replace does not change the partition key, 400")
def _(world):
    container = world.container()
    refused(400, world.database.replace_container, container, PartitionKey("/other"))


@feature("containers: replacing what is not there is 404")
def _(world):
    refused(404, world.database.replace_container, fresh("no"), PartitionKey("/pk"))


@feature("containers: a deleted one is gone, and its items with it")
def _(world):
    container = world.container()
    container.create_item({"id": "1", "pk": "a"})
    world.database.delete_container(container)
    refused(404, container.read)
    refused(404, world.database.delete_container, container)
    again = world.database.create_container(container.id, PartitionKey("/pk"))
    refused(404, again.read_item, "1", "a")


@feature("containers: a client with the old one in its cache finds the new one")
def _(world):
    container = world.container()
    container.create_item({"id": "1", "pk": "a"})
    other = world.another_client().get_database_client(world.database.id)
    other.delete_container(container.id)
    other.create_container(container.id, PartitionKey("/pk"))
    equal(container.create_item({"id": "2", "pk": "a"})["id"], "2")
    refused(404, container.read_item, "1", "a")


@feature("containers: a partition key of version 1 keeps items apart and together")
def _(world):
    container = world.container(PartitionKey("/pk", version=1))
    equal(container.read()["partitionKey"]["version"], 1)
    for key in ["a", 7, True, None]:
        container.create_item({"id": "1", "pk": key})
    equal(container.read_item("1", "a")["pk"], "a")
    equal(container.read_item("1", 7)["pk"], 7)
    equal(container.read_item("1", True)["pk"], True)
    found = container.query_items("SELECT VALUE c.pk FROM c", partition_key=7)
    equal(list(found), [7])


@feature("containers: a hierarchical key reads by the whole and queries by a prefix")
def _(world):
    container = world.container(["/tenant", "/user", "/session"])
    for tenant, user, session in [("t", "u", 1), ("t", "u", 2), ("t", "v", 1), ("s", "u", 1)]:
        item = {"id": "1", "tenant": tenant, "user": user, "session": session}
        container.create_item(item)
    equal(container.read()["partitionKey"]["kind"], "MultiHash")
    equal(container.read_item("1", ["t", "u", 2])["session"], 2)
    by = {
        ("t",): [["u", 1], ["u", 2], ["v", 1]],
        ("t", "u"): [["u", 1], ["u", 2]],
        ("t", "v", 1): [["v", 1]],
        ("x",): [],
    }
    for prefix, expected in by.items():
        found = container.query_items(
            "SELECT VALUE [c.user, c.session] FROM c", partition_key=list(prefix)
        )
        equal(sorted(found), expected)


@feature("containers: paths of keys, unique keys and indexes may have a slash in quotes")
def _(world):
    container = world.container(
        PartitionKey('/"a/b"/\'c/d\''),
        unique_key_policy={"uniqueKeys": [{"paths": ['/"u/v"']}]},
        indexing_policy={"includedPaths": [{"path": '/"u/v"/?'}], "excludedPaths": [{"path": "/*"}]},
    )
    container.create_item({"id": "1", "a/b": {"c/d": "k"}, "u/v": 1})
    equal(container.read_item("1", "k")["u/v"], 1)
    refused(409, container.create_item, {"id": "2", "a/b": {"c/d": "k"}, "u/v": 1})
    found = container.query_items("SELECT VALUE c.id FROM c WHERE c['u/v'] = 1", partition_key="k")
    equal(list(found), ["1"])


@feature("containers: a hierarchical key stays whole when ranges split")
def _(world):
    container = world.container(["/tenant", "/user"])
    for number in range(12):
        item = {"id": str(number), "tenant": f"t{number % 3}", "user": f"u{number}"}
        container.create_item(item)
    world.split(container)
    world.split(container)
    for tenant in range(3):
        found = container.query_items("SELECT VALUE c.id FROM c", partition_key=[f"t{tenant}"])
        equal(sorted(found, key=int), [str(number) for number in range(tenant, 12, 3)])


@feature("containers: unique keys hold within a partition key only")
def _(world):
    container = world.container(unique_key_policy={"uniqueKeys": [{"paths": ["/mail"]}]})
    container.create_item({"id": "1", "pk": "a", "mail": "x@y"})
    refused(409, container.create_item, {"id": "2", "pk": "a", "mail": "x@y"})
    container.create_item({"id": "2", "pk": "b", "mail": "x@y"})
    container.create_item({"id": "3", "pk": "a", "mail": "other"})
    refused(409, container.upsert_item, {"id": "3", "pk": "a", "mail": "x@y"})
    container.delete_item("1", "a")
    equal(container.upsert_item({"id": "3", "pk": "a", "mail": "x@y"})["mail"], "x@y")


@feature("containers: a default TTL ends items, and an item's own goes before it")
def _(world):
    container = world.container(default_ttl=5)
    container.create_item({"id": "short", "pk": "a"})
    container.create_item({"id": "long", "pk": "a", "ttl": 60})
    container.create_item({"id": "ever", "pk": "a", "ttl": -1})
    world.advance(10)
    refused(404, container.read_item, "short", "a")
    found = container.query_items("SELECT VALUE c.id FROM c ORDER BY c.id", partition_key="a")
    equal(list(found), ["ever", "long"])


@feature("containers: without a default TTL an item's own does nothing")
def _(world):
    container = world.container()
    container.create_item({"id": "1", "pk": "a", "ttl": 1})
    world.advance(5)
    equal(container.read_item("1", "a")["ttl"], 1)


@feature("containers: an id is free again when its item has expired")
def _(world):
    container = world.container(default_ttl=-1)
    first = container.create_item({"id": "1", "pk": "a", "ttl": 2})
    refused(409, container.create_item, {"id": "1", "pk": "a"})
    world.advance(5)
    holds(container.create_item({"id": "1", "pk": "a"})["_rid"] != first["_rid"])


@feature("offers: throughput is read and replaced")
def _(world):
    container = world.container(offer_throughput=500)
    equal(container.get_throughput().offer_throughput, 500)
    container.replace_throughput(700)
    equal(container.get_throughput().offer_throughput, 700)


@feature("offers: autoscale keeps its maximum")
def _(world):
    scale = ThroughputProperties(auto_scale_max_throughput=4000)
    container = world.container(offer_throughput=scale)
    equal(container.get_throughput().auto_scale_max_throughput, 4000)


@feature("offers: a database's is kept, and shared by containers that have none")
def _(world):
    database = world.client.create_database(fresh("d"), offer_throughput=1000)
    equal(database.get_throughput().offer_throughput, 1000)
    equal(database.replace_throughput(2000).offer_throughput, 2000)
    equal(database.get_throughput().offer_throughput, 2000)
    own = database.create_container("own", PartitionKey("/pk"), offer_throughput=500)
    equal(own.get_throughput().offer_throughput, 500)
    shares = database.create_container("shares", PartitionKey("/pk"))
    links = [offer["resource"] for offer in world.client.client_connection.ReadOffers()]
    equal([database.read()["_self"] in links, shares.read()["_self"] in links], [True, False])
    world.client.delete_database(database)


@feature("ranges: more throughput begins with more of them, whatever the key")
def _(world):
    scale = ThroughputProperties(auto_scale_max_throughput=30_000)
    for key in ["/pk", PartitionKey("/pk", version=1), ["/pk", "/id"]]:
        equal(len(list(world.container(key, offer_throughput=scale).read_feed_ranges())), 3)
        container = world.container(key, offer_throughput=30_000)
        for number in range(40):
            container.create_item({"id": str(number), "pk": f"k{number}", "n": number})
        ranges = list(container.read_feed_ranges())
        found = [list(container.query_items("SELECT c.id FROM c", feed_range=it)) for it in ranges]
        equal([len(found), sum(map(len, found)), [] in found], [5, 40, False])
        rows = container.query_items(
            "SELECT VALUE c.n FROM c ORDER BY c.n DESC", enable_cross_partition_query=True
        )
        equal(list(rows), list(range(39, -1, -1)))
        changes = container.query_items_change_feed(start_time="Beginning")
        equal(sorted(change["n"] for change in changes), list(range(40)))


@feature("conflicts: with one region there are none")
def _(world):
    container = world.container()
    equal(list(container.list_conflicts()), [])
    query = "SELECT * FROM c"
    equal(list(container.query_conflicts(query, partition_key="a")), [])
    equal(list(container.query_conflicts(query, enable_cross_partition_query=True)), [])
    refused(400, lambda: list(container.query_conflicts(query)))
    refused(404, container.get_conflict, "1", "a")
    refused(404, container.delete_conflict, "1", "a")


@feature("ranges: a new container has one, a split makes two of it, a merge one")
def _(world):
    container = world.container()
    equal(len(list(container.read_feed_ranges())), 1)
    equal(len(world.split(container)), 2)
    equal(len(list(container.read_feed_ranges(force_refresh=True))), 2)
    equal(len(world.merge(container)), 1)
    equal(len(list(container.read_feed_ranges(force_refresh=True))), 1)


@feature("ranges: a partition key's range lies in exactly one of the container's")
def _(world):
    container = world.container()
    world.split(container)
    ranges = list(container.read_feed_ranges(force_refresh=True))
    for key in ["a", "b", 1, None, True, "ü"]:
        own = container.feed_range_from_partition_key(key)
        inside = [container.is_feed_range_subset(whole, own) for whole in ranges]
        equal(inside.count(True), 1)


KEYS = ["a", "", "\u00fc" * 40, "x" * 150, 0, 1, -1.5, 1e300, True, False, None]


@feature("ranges: the client's own hash of a key of version 2 is the emulator's")
def _(world):
    _found_by_hash(world.container(), KEYS)


@feature("ranges: the client's own hash of a key of version 1 is the emulator's")
def _(world):
    _found_by_hash(world.container(PartitionKey("/pk", version=1)), KEYS)


def _found_by_hash(container, keys):
    """Each key's item, and no other, is found by the range that the client computes of the key."""
    for number, key in enumerate(keys):
        container.create_item({"id": str(number), "pk": key})
    for number, key in enumerate(keys):
        found = container.query_items(
            "SELECT VALUE c.id FROM c", feed_range=container.feed_range_from_partition_key(key)
        )
        equal([key, list(found)], [key, [str(number)]])
