"""The change feed of all versions and deletes, and a split that takes its time."""

import threading

from runner import equal, feature, holds
from world import headers, refused

MODE = "AllVersionsAndDeletes"


def _read(container, **options):
    """What was done, and the continuation after it."""
    items = list(container.query_items_change_feed(mode=MODE, **options))
    return items, headers(container)["etag"]


def _kinds(items):
    return [item["metadata"]["operationType"] for item in items]


@feature("versions: from now on every write and delete comes, in order")
def _(world):
    container = world.filled(2)
    items, token = _read(container)
    equal(items, [])
    container.create_item({"id": "a", "pk": "k0"})
    container.upsert_item({"id": "a", "pk": "k0", "n": 1})
    container.delete_item("a", "k0")
    items, _ = _read(container, continuation=token)
    equal(_kinds(items), ["create", "replace", "delete"])
    equal([items[0]["current"]["id"], items[1]["current"]["n"]], ["a", 1])
    equal([items[2]["current"], items[2]["previous"]["n"]], [{}, 1])
    metadata = items[2]["metadata"]
    equal([metadata["id"], metadata["partitionKey"]], ["a", ["k0"]])
    equal(metadata["previousImageLSN"], items[1]["metadata"]["lsn"])
    equal(metadata["timeToLiveExpired"], False)


@feature("versions: the end of an item by its time to live is told from a delete")
def _(world):
    container = world.container(default_ttl=-1)
    _, token = _read(container)
    container.create_item({"id": "a", "pk": "k", "ttl": 2})
    world.advance(5)
    items, _ = _read(container, continuation=token)
    equal(_kinds(items), ["create", "delete"])
    equal(items[1]["metadata"]["timeToLiveExpired"], True)


@feature("versions: of one partition key")
def _(world):
    container = world.container()
    _, token = _read(container, partition_key="k1")
    for number in range(4):
        container.create_item({"id": str(number), "pk": f"k{number % 2}"})
    items, _ = _read(container, continuation=token)
    equal([item["current"]["id"] for item in items], ["1", "3"])


@feature("versions: it goes on across a split without loss or repetition")
def _(world):
    container = world.container()
    _, token = _read(container)
    for number in range(10):
        container.create_item({"id": f"{number}", "pk": f"k{number}"})
    world.split(container)
    for number in range(10):
        container.delete_item(f"{number}", f"k{number}")
    items, token = _read(container, continuation=token)
    equal(sorted(_kinds(items)), ["create"] * 10 + ["delete"] * 10)
    equal(_read(container, continuation=token)[0], [])


@feature("versions: a container's own policy keeps them for its time, without what was before")
def _(world):
    policy = {"retentionDuration": 10}
    container = world.container(change_feed_policy=policy)
    equal(container.read()["changeFeedPolicy"], policy)
    _, token = _read(container)
    container.create_item({"id": "a", "pk": "k"})
    container.delete_item("a", "k")
    items, _ = _read(container, continuation=token)
    equal(["previous" in item for item in items], [False, False])
    world.advance(601)
    refused(400, lambda: _read(container, continuation=token))


@feature("splits: while one completes a range is gone (1007), and the client goes on")
def _(world):
    container = world.filled(10, keys=10)
    items = list(container.query_items_change_feed(start_time="Beginning"))
    equal(len(items), 10)
    token = headers(container)["etag"]
    container.create_item({"id": "new", "pk": "k1"})
    world.split_within(container, 60_000)
    other = world.another_client().get_database_client(world.database.id)
    other = other.get_container_client(container.id)
    refused(410, lambda: other.read_item("001", "k1"), substatus=1007)
    # The clock ends the split while the client asks again and again.
    threading.Timer(0.5, world.advance, [60]).start()
    items = list(container.query_items_change_feed(continuation=token))
    equal([item["id"] for item in items], ["new"])
    equal(container.read_item("001", "k1")["id"], "001")
    holds(2 <= len(list(container.read_feed_ranges(force_refresh=True))))
