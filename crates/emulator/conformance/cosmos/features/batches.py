"""Transactional batches: all operations, atomicity, bounds."""

from azure.cosmos.exceptions import CosmosBatchOperationError

from runner import equal, feature, holds
from world import headers, refused


def _failed(container, operations, key="a"):
    """The error of a batch that must fail."""
    try:
        answer = container.execute_item_batch(operations, key)
    except CosmosBatchOperationError as error:
        return error
    raise AssertionError(f"{answer!r} came instead of a failure")


def _codes(results):
    return [result["statusCode"] for result in results]


def _item(name, **more):
    return {"id": name, "pk": "a", **more}


@feature("batch: all six operations in one, in order")
def _(world):
    container = world.container()
    results = container.execute_item_batch(
        [
            ("create", (_item("1", n=1),)),
            ("upsert", (_item("2", n=2),)),
            ("read", ("1",)),
            ("replace", ("2", _item("2", n=3))),
            ("patch", ("1", [{"op": "incr", "path": "/n", "value": 10}])),
            ("delete", ("2",)),
        ],
        "a",
    )
    equal(_codes(results), [201, 201, 200, 200, 200, 204])
    equal([result["resourceBody"]["n"] for result in results[:5]], [1, 2, 1, 3, 11])
    equal(container.read_item("1", "a")["n"], 11)
    refused(404, container.read_item, "2", "a")


@feature("batch: each result has an ETag and a charge, the whole has the sum")
def _(world):
    container = world.container()
    results = container.execute_item_batch(
        [("create", (_item("1"),)), ("create", (_item("2"),))], "a"
    )
    equal([result["eTag"] for result in results],
          [container.read_item(name, "a")["_etag"] for name in ["1", "2"]])
    container.execute_item_batch([("read", ("1",)), ("read", ("2",))], "a")
    charges = [result["requestCharge"] for result in results]
    holds(all(1 < charge for charge in charges))
    whole = float(results.get_response_headers()["x-ms-request-charge"])
    holds(abs(whole - sum(charges)) < 0.01, f"{whole} is not the sum of {charges}")


@feature("batch: one that fails takes all others along, 424")
def _(world):
    container = world.container()
    container.create_item(_item("taken"))
    error = _failed(container, [
        ("create", (_item("1"),)),
        ("create", (_item("taken"),)),
        ("create", (_item("3"),)),
    ])
    equal([error.error_index, error.status_code], [1, 409])
    equal(_codes(error.operation_responses), [424, 409, 424])
    for name in ["1", "3"]:
        refused(404, container.read_item, name, "a")


@feature("batch: changes made before the failure are taken back")
def _(world):
    container = world.container()
    before = container.create_item(_item("1", n=1))
    gone = container.create_item(_item("2"))
    _failed(container, [
        ("patch", ("1", [{"op": "set", "path": "/n", "value": 2}])),
        ("delete", ("2",)),
        ("upsert", (_item("3"),)),
        ("read", ("no",)),
    ])
    equal(dict(container.read_item("1", "a")), dict(before))
    equal(dict(container.read_item("2", "a")), dict(gone))
    refused(404, container.read_item, "3", "a")


@feature("batch: later operations see what earlier ones wrote")
def _(world):
    results = world.container().execute_item_batch(
        [
            ("create", (_item("1", n=1),)),
            ("delete", ("1",)),
            ("create", (_item("1", n=2),)),
            ("read", ("1",)),
        ],
        "a",
    )
    equal(results[3]["resourceBody"]["n"], 2)


@feature("batch: an ETag that is the same lets it through")
def _(world):
    container = world.container()
    first = container.create_item(_item("1", n=1))
    results = container.execute_item_batch(
        [("replace", ("1", _item("1", n=2)), {"if_match_etag": first["_etag"]})], "a"
    )
    equal(_codes(results), [200])


@feature("batch: a stale ETag is 412 for each operation that takes one")
def _(world):
    container = world.container()
    first = container.create_item(_item("1", n=1))
    current = container.upsert_item(_item("1", n=2))
    for kind, arguments in [
        ("replace", ("1", _item("1", n=3))),
        ("upsert", (_item("1", n=3),)),
        ("patch", ("1", [{"op": "set", "path": "/n", "value": 3}])),
        ("delete", ("1",)),
    ]:
        # The SDK takes the options out of the dictionary, so each operation has its own.
        stale = (kind, arguments, {"if_match_etag": first["_etag"]})
        error = _failed(container, [("create", (_item("new"),)), stale])
        equal(_codes(error.operation_responses), [424, 412])
    equal(container.read_item("1", "a")["_etag"], current["_etag"])


@feature("batch: a read of an unchanged item is 304, which is no failure")
def _(world):
    container = world.container()
    item = container.create_item(_item("1"))
    unchanged = {"if_none_match_etag": item["_etag"]}
    operations = [("read", ("1",), unchanged), ("create", (_item("2"),))]
    equal(_codes(container.execute_item_batch(operations, "a")), [304, 201])


@feature("batch: a patch with a condition that does not hold is 412")
def _(world):
    container = world.container()
    container.create_item(_item("1", state="new"))
    done = [{"op": "set", "path": "/state", "value": "done"}]

    def patch():
        return ("patch", ("1", done), {"filter_predicate": "from c where c.state = 'new'"})

    equal(_codes(container.execute_item_batch([patch()], "a")), [200])
    error = _failed(container, [patch(), ("create", (_item("2"),))])
    equal(_codes(error.operation_responses), [412, 424])


@feature("batch: an item of another partition key is 400")
def _(world):
    container = world.container()
    other = ("create", ({"id": "2", "pk": "b"},))
    error = _failed(container, [("create", (_item("1"),)), other])
    equal([error.error_index, error.status_code], [1, 400])
    refused(404, container.read_item, "1", "a")


@feature("batch: 100 operations are taken, 101 are 400")
def _(world):
    container = world.container()
    operations = [("create", (_item(str(number)),)) for number in range(101)]
    refused(400, container.execute_item_batch, operations, "a")
    equal(_codes(container.execute_item_batch(operations[:100], "a")), [201] * 100)
    count = container.query_items("SELECT VALUE COUNT(1) FROM c", partition_key="a")
    equal(list(count), [100])


@feature("batch: more than 2 MB is 413")
def _(world):
    container = world.container()
    large = [("create", (_item(str(number), text="x" * 900_000),)) for number in range(3)]
    refused(413, container.execute_item_batch, large, "a")
    equal(len(container.execute_item_batch(large[:2], "a")), 2)


@feature("batch: the same id twice is 409, and neither is there")
def _(world):
    container = world.container()
    error = _failed(container, [("create", (_item("1"),)), ("create", (_item("1"),))])
    equal(_codes(error.operation_responses), [424, 409])
    refused(404, container.read_item, "1", "a")


@feature("batch: unique keys hold between its operations")
def _(world):
    container = world.container(unique_key_policy={"uniqueKeys": [{"paths": ["/u"]}]})
    error = _failed(container, [
        ("create", (_item("1", u="x"),)),
        ("create", (_item("2", u="x"),)),
    ])
    equal(_codes(error.operation_responses), [424, 409])


@feature("batch: it is one write, with one LSN in the change feed")
def _(world):
    container = world.container()
    container.create_item(_item("0"))
    container.execute_item_batch([("create", (_item("1"),)), ("create", (_item("2"),))], "a")
    container.create_item(_item("3"))
    feed = container.query_items_change_feed(start_time="Beginning")
    lsns = [item["_lsn"] for item in feed]
    equal([lsn - lsns[0] for lsn in lsns], [0, 1, 1, 2])


@feature("batch: with a hierarchical key")
def _(world):
    container = world.container(["/tenant", "/user"])
    item = {"tenant": "t", "user": "u"}
    results = container.execute_item_batch(
        [("create", ({"id": "1", **item},)), ("create", ({"id": "2", **item},))], ["t", "u"]
    )
    equal(_codes(results), [201, 201])
    equal(container.read_item("2", ["t", "u"])["id"], "2")


@feature("batch: its session token lets another client read it")
def _(world):
    container = world.container()
    container.execute_item_batch([("create", (_item("1"),))], "a")
    token = headers(container)["x-ms-session-token"]
    other = world.another_client().get_database_client(world.database.id)
    other = other.get_container_client(container.id)
    equal(other.read_item("1", "a", session_token=token)["id"], "1")
