"""Patch: every operation, conditions, errors."""

from azure.core import MatchConditions

from runner import equal, feature, holds
from world import refused


def _patched(world, item, *operations, **options):
    container = world.container()
    container.create_item({"id": "1", "pk": "a", **item})
    answer = container.patch_item("1", "a", list(operations), **options)
    equal(dict(container.read_item("1", "a")), dict(answer))
    own = {name: value for name, value in answer.items() if not name.startswith("_")}
    return {name: value for name, value in own.items() if name not in ("id", "pk")}


@feature("patch: add makes a property, replaces one, and inserts into an array")
def _(world):
    after = _patched(
        world,
        {"n": 1, "list": ["a", "c"]},
        {"op": "add", "path": "/new", "value": {"x": 1}},
        {"op": "add", "path": "/n", "value": 2},
        {"op": "add", "path": "/list/1", "value": "b"},
        {"op": "add", "path": "/list/-", "value": "d"},
    )
    equal(after, {"n": 2, "list": ["a", "b", "c", "d"], "new": {"x": 1}})


@feature("patch: set makes a property or replaces one, also in an array")
def _(world):
    after = _patched(
        world,
        {"n": 1, "list": ["a", "b"], "o": {}},
        {"op": "set", "path": "/n", "value": "one"},
        {"op": "set", "path": "/list/0", "value": "A"},
        {"op": "set", "path": "/o/x", "value": None},
    )
    equal(after, {"n": "one", "list": ["A", "b"], "o": {"x": None}})


@feature("patch: replace changes what is there, and is 400 where nothing is")
def _(world):
    there = {"op": "replace", "path": "/n", "value": [2]}
    equal(_patched(world, {"n": 1}, there), {"n": [2]})
    missing = {"op": "replace", "path": "/no", "value": 2}
    refused(400, _patched, world, {"n": 1}, missing)


@feature("patch: remove takes a property or an element, and is 400 where nothing is")
def _(world):
    after = _patched(
        world,
        {"n": 1, "list": ["a", "b", "c"]},
        {"op": "remove", "path": "/n"},
        {"op": "remove", "path": "/list/1"},
    )
    equal(after, {"list": ["a", "c"]})
    refused(400, _patched, world, {}, {"op": "remove", "path": "/n"})


@feature("patch: incr adds, subtracts, starts where nothing is, and takes no text")
def _(world):
    after = _patched(
        world,
        {"n": 1, "m": 1},
        {"op": "incr", "path": "/n", "value": 5},
        {"op": "incr", "path": "/m", "value": -1.5},
        {"op": "incr", "path": "/new", "value": 3},
    )
    equal(after, {"n": 6, "m": -0.5, "new": 3})
    refused(400, _patched, world, {"n": "text"}, {"op": "incr", "path": "/n", "value": 1})


@feature("patch: move takes a value to another path")
def _(world):
    after = _patched(
        world, {"a": {"x": 1}}, {"op": "move", "from": "/a/x", "path": "/b"}
    )
    equal(after, {"a": {}, "b": 1})


@feature("patch: signs of JSON pointers are read")
def _(world):
    after = _patched(
        world,
        {"a/b": 1, "m~n": 1},
        {"op": "set", "path": "/a~1b", "value": 2},
        {"op": "set", "path": "/m~0n", "value": 3},
    )
    equal(after, {"a/b": 2, "m~n": 3})


@feature("patch: a condition that holds lets it through")
def _(world):
    change = {"op": "set", "path": "/state", "value": "done"}
    after = _patched(
        world, {"state": "new"}, change, filter_predicate="from c where c.state = 'new'"
    )
    equal(after, {"state": "done"})


@feature("patch: a condition that does not hold is 412 and changes nothing")
def _(world):
    container = world.container()
    before = container.create_item({"id": "1", "pk": "a", "n": 1})
    change = [{"op": "set", "path": "/n", "value": 2}]
    condition = "from c where c.n > 1 or not is_defined(c.n)"
    refused(412, container.patch_item, "1", "a", change, filter_predicate=condition)
    equal(dict(container.read_item("1", "a")), dict(before))


@feature("patch: a condition that cannot be read is 400")
def _(world):
    container = world.container()
    container.create_item({"id": "1", "pk": "a"})
    change = [{"op": "set", "path": "/n", "value": 2}]
    refused(400, container.patch_item, "1", "a", change, filter_predicate="from c where c.n >")


@feature("patch: a stale ETag is 412")
def _(world):
    container = world.container()
    first = container.create_item({"id": "1", "pk": "a"})
    change = [{"op": "incr", "path": "/n", "value": 1}]
    same = {"etag": first["_etag"], "match_condition": MatchConditions.IfNotModified}
    second = container.patch_item("1", "a", change, **same)
    holds(second["_etag"] != first["_etag"])
    refused(412, container.patch_item, "1", "a", change, **same)


@feature("patch: an item that is not there is 404")
def _(world):
    change = [{"op": "set", "path": "/n", "value": 2}]
    refused(404, world.container().patch_item, "no", "a", change)


@feature("patch: id, partition key and system properties do not change, 400")
def _(world):
    for path in ["/id", "/pk", "/_ts", "/_etag", "/_rid"]:
        refused(400, _patched, world, {}, {"op": "set", "path": path, "value": "x"})


@feature("patch: ten operations are taken, none and eleven are 400")
def _(world):
    grow = {"op": "incr", "path": "/n", "value": 1}
    equal(_patched(world, {}, *[grow] * 10), {"n": 10})
    refused(400, _patched, world, {}, *[grow] * 11)
    refused(400, _patched, world, {})


@feature("patch: the operations happen all or not at all")
def _(world):
    container = world.container()
    before = container.create_item({"id": "1", "pk": "a", "n": 1})
    change = [{"op": "set", "path": "/n", "value": 2}, {"op": "remove", "path": "/no"}]
    refused(400, container.patch_item, "1", "a", change)
    equal(dict(container.read_item("1", "a")), dict(before))


@feature("patch: a time to live can be set")
def _(world):
    container = world.container(default_ttl=-1)
    container.create_item({"id": "1", "pk": "a"})
    container.patch_item("1", "a", [{"op": "set", "path": "/ttl", "value": 3}])
    equal(container.read_item("1", "a")["ttl"], 3)
    world.advance(5)
    refused(404, container.read_item, "1", "a")


@feature("patch: without content in the answer it happens all the same")
def _(world):
    container = world.container()
    container.create_item({"id": "1", "pk": "a"})
    change = [{"op": "set", "path": "/n", "value": 2}]
    equal(dict(container.patch_item("1", "a", change, no_response=True)), {})
    equal(container.read_item("1", "a")["n"], 2)
