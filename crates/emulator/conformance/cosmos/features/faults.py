"""Faults, set by the control port and met through the client."""

import time

from azure.core.exceptions import ServiceResponseError

from runner import equal, feature, holds
from world import refused


@feature("faults: a throttled write is sent again after the asked pause")
def _(world):
    container = world.container()
    container.read()
    world.fault(operation="create", action="throttle", retryAfterMs=150, count=2)
    started = time.monotonic()
    equal(container.create_item({"id": "1", "pk": "a"})["id"], "1")
    holds(0.3 <= time.monotonic() - started)
    equal(world.faults(), [])


@feature("faults: a batch throttled for good is 429/3200 with its pause")
def _(world):
    container = world.container()
    container.read()
    patient = world.another_client(retry_total=1).get_database_client(world.database.id)
    patient = patient.get_container_client(container.id)
    patient.read()
    world.fault(operation="batch", action="throttle", retryAfterMs=5, count=50)
    operations = [("create", ({"id": "1", "pk": "a"},))]
    error = refused(429, patient.execute_item_batch, operations, "a", substatus=3200)
    equal(error.headers["x-ms-retry-after-ms"], "5")
    world.no_faults()
    refused(404, container.read_item, "1", "a")


@feature("faults: a throttled query and a throttled feed go on")
def _(world):
    container = world.filled(3)
    world.fault(operation="query", action="throttle", retryAfterMs=5)
    world.fault(operation="feed", action="throttle", retryAfterMs=5)
    equal(len(list(container.query_items("SELECT * FROM c", partition_key="k0"))), 3)
    equal(len(list(container.query_items_change_feed(start_time="Beginning"))), 3)
    equal(world.faults(), [])


@feature("faults: a status reaches the client with its substatus")
def _(world):
    container = world.filled(1)
    world.fault(operation="patch", action="status", status=403, substatus=5300)
    change = [{"op": "set", "path": "/n", "value": 2}]
    refused(403, container.patch_item, "000", "k0", change, substatus=5300)
    equal(container.read_item("000", "k0")["n"], 0)


@feature("faults: 449 reaches the client, which may send it again")
def _(world):
    container = world.filled(1)
    body = {"id": "000", "pk": "k0", "n": 1}
    world.fault(operation="replace", action="status", status=449)
    refused(449, container.replace_item, "000", body)
    equal(container.replace_item("000", body)["n"], 1)


@feature("faults: an unavailable read is tried again")
def _(world):
    container = world.filled(1)
    world.fault(operation="read", action="status", status=503)
    equal(container.read_item("000", "k0")["n"], 0)
    equal(world.faults(), [])


@feature("faults: a connection cut before a write leaves nothing behind")
def _(world):
    container = world.filled(1)
    world.fault(operation="create", action="drop-before", count=50)
    _cut(container)
    world.no_faults()
    refused(404, container.read_item, "1", "k0")


@feature("faults: a connection cut after a write leaves it done")
def _(world):
    container = world.filled(1)
    world.fault(operation="create", action="drop-after")
    _cut(container)
    world.no_faults()
    equal(container.read_item("1", "k0")["id"], "1")


def _cut(container):
    """Creates an item, and is cut off; the client may know no better than to try again."""
    try:
        container.create_item({"id": "1", "pk": "k0"}, retry_write=0)
    except ServiceResponseError:
        return
    raise AssertionError("the create came through")


@feature("faults: a delayed answer comes late, and right")
def _(world):
    container = world.filled(1)
    world.fault(operation="read", action="delay", delayMs=200)
    started = time.monotonic()
    equal(container.read_item("000", "k0")["n"], 0)
    holds(0.2 <= time.monotonic() - started)


@feature("counts: the state tells how often what was asked")
def _(world):
    container = world.filled(2)
    before = world.counts(container)
    container.read_item("000", "k0")
    container.read_item("001", "k0")
    after = world.counts(container)
    equal(after["read"] - before.get("read", 0), 2)
    equal(after["create"], before["create"])
