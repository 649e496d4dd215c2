"""The change feed: where it starts and goes on, its scopes, whole transactions, splits."""

from datetime import datetime, timedelta, timezone

from runner import equal, feature, holds
from world import headers


def _read(container, **options):
    """What the feed has, and the continuation after it."""
    items = list(container.query_items_change_feed(**options))
    return items, headers(container)["etag"]


def _ids(items):
    return [item["id"] for item in items]


@feature("feed: from the beginning, in the order of the writes")
def _(world):
    items, _ = _read(world.filled(8), start_time="Beginning")
    equal(_ids(items), [f"{number:03}" for number in range(8)])
    lsns = [item["_lsn"] for item in items]
    equal(lsns, list(range(lsns[0], lsns[0] + 8)))


@feature("feed: a changed item comes once, as it is now, where it was last written")
def _(world):
    container = world.filled(3)
    container.patch_item("000", "k0", [{"op": "set", "path": "/n", "value": "new"}])
    items, _ = _read(container, start_time="Beginning")
    equal([item["n"] for item in items], [1, 2, "new"])


@feature("feed: a deleted item is not in it")
def _(world):
    container = world.filled(3)
    container.delete_item("001", "k0")
    equal(_ids(_read(container, start_time="Beginning")[0]), ["000", "002"])


@feature("feed: from now on there is nothing, then what is written later")
def _(world):
    container = world.filled(3)
    items, token = _read(container, start_time="Now")
    equal(items, [])
    container.create_item({"id": "later", "pk": "k0"})
    equal(_ids(_read(container, continuation=token)[0]), ["later"])


@feature("feed: a continuation can be used again")
def _(world):
    container = world.filled(2)
    _, token = _read(container, start_time="Beginning")
    container.create_item({"id": "a", "pk": "k0"})
    for _ in range(2):
        equal(_ids(_read(container, continuation=token)[0]), ["a"])


@feature("feed: page by page it is the same")
def _(world):
    container = world.filled(10)
    pages = container.query_items_change_feed(start_time="Beginning", max_item_count=3).by_page()
    pages = [_ids(page) for page in pages]
    equal([name for page in pages for name in page], [f"{number:03}" for number in range(10)])
    holds(all(len(page) <= 3 for page in pages))


@feature("feed: of one partition key")
def _(world):
    container = world.filled(6, keys=2)
    items, token = _read(container, start_time="Beginning", partition_key="k1")
    equal(_ids(items), ["001", "003", "005"])
    container.create_item({"id": "other", "pk": "k0"})
    container.create_item({"id": "own", "pk": "k1"})
    equal(_ids(_read(container, continuation=token)[0]), ["own"])


@feature("feed: of each feed range, together it is all")
def _(world):
    container = world.filled(12, keys=12)
    world.split(container)
    parts = [
        _ids(_read(container, start_time="Beginning", feed_range=feed_range)[0])
        for feed_range in container.read_feed_ranges(force_refresh=True)
    ]
    equal(len(parts), 2)
    equal(sorted(parts[0] + parts[1]), [f"{number:03}" for number in range(12)])


@feature("feed: from a moment in time")
def _(world):
    container = world.filled(2)
    world.advance(100)
    container.create_item({"id": "later", "pk": "k0"})
    since = datetime.fromtimestamp(container.read_item("later", "k0")["_ts"], timezone.utc)
    items, _ = _read(container, start_time=since - timedelta(seconds=50))
    equal(_ids(items), ["later"])


@feature("feed: a transaction comes whole, whatever the size of the page")
def _(world):
    container = world.container()
    for batch in range(4):
        operations = [
            ("create", ({"id": f"{batch}-{number}", "pk": "a"},)) for number in range(5)
        ]
        container.execute_item_batch(operations, "a")
    pages = container.query_items_change_feed(start_time="Beginning", max_item_count=2).by_page()
    pages = [list(page) for page in pages]
    for page in pages:
        batches = {item["_lsn"] for item in page}
        equal(len(page), 5 * len(batches))
    equal(sum(len(page) for page in pages), 20)


@feature("feed: it goes on across a split without loss or repetition")
def _(world):
    container = world.filled(10, keys=10)
    items, token = _read(container, start_time="Beginning")
    equal(len(items), 10)
    world.split(container)
    world.split(container)
    for number in range(10, 20):
        container.create_item({"id": f"{number:03}", "pk": f"k{number % 10}"})
    items, token = _read(container, continuation=token)
    equal(sorted(_ids(items)), [f"{number:03}" for number in range(10, 20)])
    equal(_read(container, continuation=token)[0], [])


@feature("feed: it goes on across a merge without loss")
def _(world):
    container = world.filled(10, keys=10)
    world.split(container)
    _, token = _read(container, start_time="Beginning")
    world.merge(container)
    container.create_item({"id": "new", "pk": "k1"})
    equal("new" in _ids(_read(container, continuation=token)[0]), True)


@feature("feed: an expired item is not in it")
def _(world):
    container = world.container(default_ttl=-1)
    container.create_item({"id": "1", "pk": "a", "ttl": 2})
    container.create_item({"id": "2", "pk": "a"})
    world.advance(5)
    equal(_ids(_read(container, start_time="Beginning")[0]), ["2"])


@feature("feed: of an empty container")
def _(world):
    container = world.container()
    items, token = _read(container, start_time="Beginning")
    equal(items, [])
    container.create_item({"id": "1", "pk": "a"})
    equal(_ids(_read(container, continuation=token)[0]), ["1"])


@feature("feed: a continuation that is none is refused")
def _(world):
    container = world.filled(1)
    try:
        answer = _read(container, continuation="bm90IGEgdG9rZW4=")
    except ValueError:
        return
    raise AssertionError(f"{answer!r} came instead of a refusal")
