"""Points: create, upsert, replace, read, delete, preconditions, keys and ids, sessions."""

from azure.core import MatchConditions
from azure.cosmos.partition_key import NonePartitionKeyValue, NullPartitionKeyValue

from runner import equal, feature, holds
from world import headers, refused

SAME = MatchConditions.IfNotModified
OTHER = MatchConditions.IfModified


@feature("items: create answers the item with its system properties")
def _(world):
    container = world.container()
    item = container.create_item({"id": "1", "pk": "a", "list": [1, {"x": None}], "f": 1.5})
    equal([item["list"], item["f"]], [[1, {"x": None}], 1.5])
    holds(item["_self"].startswith("dbs/") and item["_self"].endswith(f"docs/{item['_rid']}/"))
    equal(item["_attachments"], "attachments/")
    holds(item["_etag"].startswith('"') and 0 < item["_ts"])


@feature("items: answers carry charge, session token, ETag and LSN")
def _(world):
    container = world.container()
    item = container.create_item({"id": "1", "pk": "a"})
    answer = item.get_response_headers()
    holds(1 < float(answer["x-ms-request-charge"]))
    holds(answer["x-ms-session-token"].startswith("0:"))
    equal(answer["etag"], item["_etag"])
    read = container.read_item("1", "a").get_response_headers()
    equal(float(read["x-ms-request-charge"]), 1.0)
    equal(read["etag"], item["_etag"])
    holds(int(read["lsn"]) >= 1)


@feature("items: a read answers what the write answered")
def _(world):
    container = world.container()
    item = container.create_item({"id": "1", "pk": "a", "text": "\u00fc \U0001f680 \u2028 \\ \""})
    equal(dict(container.read_item("1", "a")), dict(item))


@feature("items: numbers keep their precision")
def _(world):
    container = world.container()
    numbers = [0, -1, 2**53, -(2**53), 0.1, 1e-7, 1.7976931348623157e308, 5e-324]
    container.create_item({"id": "1", "pk": "a", "numbers": numbers})
    equal(container.read_item("1", "a")["numbers"], numbers)


@feature("items: what was read is read again, replaced and deleted by its own link")
def _(world):
    container = world.container()
    item = container.create_item({"id": "1", "pk": "a"})
    equal(dict(container.read_item(item, "a")), dict(item))
    replaced = container.replace_item(item, {"id": "1", "pk": "a", "n": 1})
    equal([replaced["_rid"], replaced["n"]], [item["_rid"], 1])
    container.delete_item(replaced, "a")
    refused(404, container.read_item, "1", "a")
    refused(404, container.read_item, item, "a")


@feature("items: a replace by another id renames the item, unless that one is taken")
def _(world):
    container = world.container()
    item = container.create_item({"id": "1", "pk": "a"})
    container.create_item({"id": "2", "pk": "a"})
    refused(409, container.replace_item, "1", {"id": "2", "pk": "a"})
    renamed = container.replace_item("1", {"id": "3", "pk": "a"})
    equal([renamed["id"], renamed["_rid"]], ["3", item["_rid"]])
    refused(404, container.read_item, "1", "a")
    changes = container.query_items_change_feed(start_time="Beginning")
    equal([change["id"] for change in changes], ["2", "3"])
    batch = [("replace", ("3", {"id": "1", "pk": "a"})), ("read", ("1",))]
    equal(container.execute_item_batch(batch, "a")[1]["resourceBody"]["_rid"], item["_rid"])


@feature("items: all of a partition key are deleted at once")
def _(world):
    container = world.container()
    for number in range(5):
        container.create_item({"id": str(number), "pk": "a"})
    container.create_item({"id": "0", "pk": "b"})
    container.delete_all_items_by_partition_key("a")
    equal([item["pk"] for item in container.read_all_items()], ["b"])
    container.create_item({"id": "0", "pk": "a"})


@feature("items: a taken id is 409, under another partition key it is not taken")
def _(world):
    container = world.container()
    container.create_item({"id": "1", "pk": "a"})
    refused(409, container.create_item, {"id": "1", "pk": "a"})
    equal(container.create_item({"id": "1", "pk": "b"})["pk"], "b")


@feature("items: reading, replacing and deleting what is not there is 404")
def _(world):
    container = world.container()
    refused(404, container.read_item, "no", "a")
    refused(404, container.replace_item, "no", {"id": "no", "pk": "a"})
    refused(404, container.delete_item, "no", "a")


@feature("items: in a container that is not there it is 404")
def _(world):
    missing = world.database.get_container_client("none")
    refused(404, missing.create_item, {"id": "1", "pk": "a"})


@feature("items: upsert creates, then replaces")
def _(world):
    container = world.container()
    first = container.upsert_item({"id": "1", "pk": "a", "n": 1, "old": True})
    second = container.upsert_item({"id": "1", "pk": "a", "n": 2})
    equal([second["n"], "old" in second], [2, False])
    equal(second["_rid"], first["_rid"])
    holds(second["_etag"] != first["_etag"])


@feature("items: replace changes the whole item, and its ETag")
def _(world):
    container = world.container()
    first = container.create_item({"id": "1", "pk": "a", "old": True})
    second = container.replace_item("1", {"id": "1", "pk": "a", "new": True})
    equal(["old" in second, second["new"], second["_rid"]], [False, True, first["_rid"]])
    holds(second["_etag"] != first["_etag"])


@feature("items: replace if the ETag is the same, else 412")
def _(world):
    container = world.container()
    first = container.create_item({"id": "1", "pk": "a", "n": 1})
    body = {"id": "1", "pk": "a", "n": 2}
    second = container.replace_item("1", body, etag=first["_etag"], match_condition=SAME)
    refused(412, container.replace_item, "1", body, etag=first["_etag"], match_condition=SAME)
    equal(container.read_item("1", "a")["_etag"], second["_etag"])


@feature("items: upsert if the ETag is the same, else 412")
def _(world):
    container = world.container()
    first = container.create_item({"id": "1", "pk": "a", "n": 1})
    body = {"id": "1", "pk": "a", "n": 2}
    container.upsert_item(body, etag=first["_etag"], match_condition=SAME)
    refused(412, container.upsert_item, body, etag=first["_etag"], match_condition=SAME)


@feature("items: delete if the ETag is the same, else 412")
def _(world):
    container = world.container()
    first = container.create_item({"id": "1", "pk": "a", "n": 1})
    second = container.upsert_item({"id": "1", "pk": "a", "n": 2})
    stale = {"etag": first["_etag"], "match_condition": SAME}
    refused(412, container.delete_item, "1", "a", **stale)
    container.delete_item("1", "a", etag=second["_etag"], match_condition=SAME)
    refused(404, container.read_item, "1", "a")


@feature("items: a read of an unchanged item has no content")
def _(world):
    container = world.container()
    item = container.create_item({"id": "1", "pk": "a"})
    unchanged = {"etag": item["_etag"], "match_condition": OTHER}
    answer = container.read_item("1", "a", **unchanged)
    equal([dict(answer), answer.get_response_headers()["etag"]], [{}, item["_etag"]])
    container.upsert_item({"id": "1", "pk": "a", "n": 2})
    equal(container.read_item("1", "a", **unchanged)["n"], 2)


@feature("items: a deleted item can be created again")
def _(world):
    container = world.container()
    first = container.create_item({"id": "1", "pk": "a"})
    container.delete_item("1", "a")
    holds(container.create_item({"id": "1", "pk": "a"})["_rid"] != first["_rid"])


@feature("items: without content in the answer there is the ETag alone")
def _(world):
    container = world.container()
    answer = container.create_item({"id": "1", "pk": "a"}, no_response=True)
    equal(dict(answer), {})
    equal(answer.get_response_headers()["etag"], container.read_item("1", "a")["_etag"])


@feature("items: an id is generated where it is asked for")
def _(world):
    container = world.container()
    item = container.create_item({"pk": "a"}, enable_automatic_id_generation=True)
    equal(container.read_item(item["id"], "a")["_rid"], item["_rid"])


@feature("items: an item without an id is 400")
def _(world):
    container = world.container()
    refused(400, container.create_item, {"pk": "a"})
    refused(400, container.create_item, {"id": "", "pk": "a"})


@feature("items: ids of 1023 bytes, in any script and with odd signs")
def _(world):
    container = world.container()
    odd = ["x" * 1023, "a b", "a+b%20", "\u00fc\u00df", "\u65e5\u672c", "\U0001f680", "a&b=c;d",
           "'\"<>", "a:b@c", "[x]", "{y}", "~^`|"]
    for name in odd:
        container.create_item({"id": name, "pk": name})
        equal(container.read_item(name, name)["id"], name)
        equal(container.replace_item(name, {"id": name, "pk": name, "n": 1})["n"], 1)
        container.delete_item(name, name)


@feature("items: an id of 1024 bytes is 400")
def _(world):
    container = world.container()
    refused(400, container.create_item, {"id": "x" * 1024, "pk": "a"})


@feature("items: an item of 2 MB is 413")
def _(world):
    container = world.container()
    container.create_item({"id": "1", "pk": "a", "text": "x" * 2_000_000})
    refused(413, container.create_item, {"id": "2", "pk": "a", "text": "x" * 2_200_000})


@feature("keys: strings, numbers, booleans and null are keys of their own")
def _(world):
    container = world.container()
    keys = ["1", 1, 1.5, -1, True, False, "", "null", "\u00fc"]
    for key in keys:
        container.create_item({"id": "1", "pk": key})
    for key in keys:
        equal(container.read_item("1", key)["pk"], key)


@feature("keys: null is not the same as none")
def _(world):
    container = world.container()
    container.create_item({"id": "1", "pk": None, "has": "null"})
    container.create_item({"id": "1", "has": "none"})
    equal(container.read_item("1", NullPartitionKeyValue)["has"], "null")
    equal(container.read_item("1", NonePartitionKeyValue)["has"], "none")
    found = container.query_items("SELECT VALUE c.has FROM c", partition_key=NullPartitionKeyValue)
    equal(list(found), ["null"])


@feature("keys: a nested path is read from the item")
def _(world):
    container = world.container("/a/b")
    container.create_item({"id": "1", "a": {"b": "deep"}})
    equal(container.read_item("1", "deep")["a"], {"b": "deep"})


@feature("read many: items of many keys in one call, without those that are not there")
def _(world):
    container = world.filled(12, keys=4)
    wanted = [(f"{number:03}", f"k{number % 4}") for number in range(0, 12, 2)]
    found = container.read_items([*wanted, ("no", "k0"), ("001", "k0")])
    equal(sorted(item["id"] for item in found), [name for name, _ in wanted])


@feature("sessions: the token's LSN grows by one with each write")
def _(world):
    container = world.container()
    tokens = []
    for number in range(3):
        container.create_item({"id": str(number), "pk": "a"})
        tokens.append(headers(container)["x-ms-session-token"])
    lsns = [int(token.split("#")[1]) for token in tokens]
    equal([lsn - lsns[0] for lsn in lsns], [0, 1, 2])


@feature("sessions: a token from the future is 404/1002")
def _(world):
    container = world.container()
    container.create_item({"id": "1", "pk": "a"})
    token = headers(container)["x-ms-session-token"]
    head, lsn, *rest = token.split("#")
    ahead = "#".join([head, str(int(lsn) + 1000), *rest])
    equal(container.read_item("1", "a", session_token=token)["id"], "1")
    refused(404, container.read_item, "1", "a", session_token=ahead, substatus=1002)


@feature("sessions: another client reads its own writes after a split")
def _(world):
    container = world.filled(6, keys=6)
    other = world.another_client().get_database_client(world.database.id)
    other = other.get_container_client(container.id)
    other.create_item({"id": "new", "pk": "k1"})
    world.split(container)
    equal(other.read_item("new", "k1")["id"], "new")
    equal(other.read_item("001", "k1")["n"], 1)
