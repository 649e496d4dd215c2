"""Queries: scope, paging, clauses, functions, errors."""

from runner import equal, feature, holds
from world import headers, refused


def _over(world, items, key="/pk"):
    """A container with these items, each under a partition key of its own unless it names one."""
    container = world.container(key)
    for number, item in enumerate(items):
        container.create_item({"id": f"{number:03}", "pk": f"k{number}", **item})
    return container


def _rows(container, text, **options):
    if not {"partition_key", "feed_range"} & set(options):
        options["enable_cross_partition_query"] = True
    parameters = [
        {"name": f"@{name}", "value": value}
        for name, value in options.pop("parameters", {}).items()
    ]
    return list(container.query_items(text, parameters=parameters, **options))


def _all_by(world, items, text, expected):
    """The rows of a query over one range, and over three."""
    container = _over(world, items)
    equal(_rows(container, text), expected)
    world.split(container)
    world.split(container)
    equal(_rows(container, text), expected)


NUMBERED = [{"n": number} for number in range(10)]


@feature("queries: within a partition key")
def _(world):
    container = world.filled(10, keys=2)
    equal(_rows(container, "SELECT VALUE c.n FROM c", partition_key="k1"), [1, 3, 5, 7, 9])


@feature("queries: across partition keys")
def _(world):
    container = world.filled(10, keys=5)
    equal(sorted(_rows(container, "SELECT VALUE c.n FROM c WHERE c.n > 6")), [7, 8, 9])


@feature("queries: with parameters of every type")
def _(world):
    container = _over(world, [{"v": value} for value in [1, "x", True, None, [1], {"a": 1}]])
    for value in [1, "x", True, None, [1], {"a": 1}]:
        found = _rows(container, "SELECT VALUE c.v FROM c WHERE c.v = @v", parameters={"v": value})
        equal(found, [value])


@feature("queries: page by page, each page of at most the asked size")
def _(world):
    container = world.filled(10, keys=3)
    pages = container.query_items(
        "SELECT VALUE c.n FROM c", enable_cross_partition_query=True, max_item_count=4
    ).by_page()
    pages = [list(page) for page in pages]
    holds(all(len(page) <= 4 for page in pages))
    equal(sorted(n for page in pages for n in page), list(range(10)))


@feature("queries: a continuation token goes on where the page ended")
def _(world):
    container = world.filled(10)

    def pages(token=None):
        query = container.query_items(
            "SELECT VALUE c.n FROM c ORDER BY c.n", partition_key="k0", max_item_count=3
        )
        return query.by_page(token)

    first = pages()
    equal(list(next(first)), [0, 1, 2])
    again = pages(first.continuation_token)
    equal([n for page in again for n in page], list(range(3, 10)))


@feature("queries: SELECT of properties, aliases, objects and arrays")
def _(world):
    container = _over(world, [{"a": {"b": 1}, "n": 2}])
    equal(_rows(container, "SELECT c.n, c.a.b AS deep, c.none FROM c"), [{"n": 2, "deep": 1}])
    equal(_rows(container, "SELECT VALUE {'x': c.n, 'y': [c.a.b, c['n']]} FROM c"),
          [{"x": 2, "y": [1, 2]}])


@feature("queries: SELECT * answers whole items")
def _(world):
    container = _over(world, [{"n": 1}])
    equal(_rows(container, "SELECT * FROM c"), [dict(container.read_item("000", "k0"))])


@feature("queries: ORDER BY over all ranges")
def _(world):
    text = "SELECT VALUE c.n FROM c ORDER BY c.n DESC"
    _all_by(world, NUMBERED, text, list(range(9, -1, -1)))


@feature("queries: ORDER BY of two keys, one of them down")
def _(world):
    items = [{"a": number % 2, "b": number} for number in range(6)]
    text = "SELECT VALUE c.b FROM c ORDER BY c.a ASC, c.b DESC"
    _all_by(world, items, text, [4, 2, 0, 5, 3, 1])


@feature("queries: ORDER BY sorts types: null, booleans, numbers, text")
def _(world):
    items = [{"v": value} for value in ["b", 2, None, True, "a", False, 1]]
    text = "SELECT VALUE c.v FROM c ORDER BY c.v"
    _all_by(world, items, text, [None, False, True, 1, 2, "a", "b"])


@feature("queries: TOP")
def _(world):
    _all_by(world, NUMBERED, "SELECT TOP 3 VALUE c.n FROM c ORDER BY c.n", [0, 1, 2])


@feature("queries: OFFSET and LIMIT")
def _(world):
    text = "SELECT VALUE c.n FROM c ORDER BY c.n OFFSET 2 LIMIT 3"
    _all_by(world, NUMBERED, text, [2, 3, 4])


@feature("queries: DISTINCT")
def _(world):
    items = [{"g": number % 3} for number in range(9)]
    _all_by(world, items, "SELECT DISTINCT VALUE c.g FROM c ORDER BY c.g", [0, 1, 2])


@feature("queries: COUNT, SUM, MIN, MAX, AVG")
def _(world):
    for name, expected in [("COUNT", 10), ("SUM", 45), ("MIN", 0), ("MAX", 9), ("AVG", 4.5)]:
        _all_by(world, NUMBERED, f"SELECT VALUE {name}(c.n) FROM c", [expected])


@feature("queries: an aggregate over nothing")
def _(world):
    container = world.container()
    equal(_rows(container, "SELECT VALUE COUNT(1) FROM c"), [0])
    equal(_rows(container, "SELECT VALUE SUM(c.n) FROM c", partition_key="a"), [0])


@feature("queries: GROUP BY with aggregates")
def _(world):
    container = _over(world, [{"g": "ab"[number % 2], "n": number} for number in range(6)])
    text = "SELECT c.g, COUNT(1) AS count, SUM(c.n) AS sum FROM c GROUP BY c.g"
    rows = sorted(_rows(container, text), key=lambda row: row["g"])
    equal(rows, [{"g": "a", "count": 3, "sum": 6}, {"g": "b", "count": 3, "sum": 9}])


@feature("queries: JOIN over an array, and over two")
def _(world):
    container = _over(world, [{"x": [1, 2], "y": ["a", "b"]}])
    text = "SELECT VALUE x FROM c JOIN x IN c.x WHERE x > 1"
    equal(_rows(container, text), [2])
    text = "SELECT VALUE CONCAT(ToString(x), y) FROM c JOIN x IN c.x JOIN y IN c.y"
    equal(_rows(container, text), ["1a", "1b", "2a", "2b"])


@feature("queries: FROM an array of the item")
def _(world):
    container = _over(world, [{"lines": [{"sku": "a"}, {"sku": "b"}]}])
    equal(_rows(container, "SELECT VALUE l.sku FROM l IN c.lines"), ["a", "b"])


@feature("queries: subqueries: EXISTS, ARRAY, scalar")
def _(world):
    container = _over(world, [{"x": [1, 5]}, {"x": [2]}])
    text = "SELECT VALUE c.id FROM c WHERE EXISTS(SELECT VALUE x FROM x IN c.x WHERE x > 4)"
    equal(_rows(container, text), ["000"])
    text = "SELECT VALUE ARRAY(SELECT VALUE x * 2 FROM x IN c.x) FROM c ORDER BY c.id"
    equal(_rows(container, text), [[2, 10], [4]])
    text = "SELECT VALUE (SELECT VALUE COUNT(1) FROM x IN c.x) FROM c ORDER BY c.id"
    equal(_rows(container, text), [2, 1])


@feature("queries: IN, BETWEEN, LIKE, NOT, AND, OR")
def _(world):
    container = _over(world, NUMBERED)
    for condition, expected in [
        ("c.n IN (1, 3, 20)", [1, 3]),
        ("c.n NOT IN (0, 1, 2, 3, 4, 5, 6, 7)", [8, 9]),
        ("c.n BETWEEN 3 AND 5", [3, 4, 5]),
        ("c.id LIKE '%07'", [7]),
        ("c.id LIKE '00[12]'", [1, 2]),
        ("NOT (c.n < 8) AND (c.n = 8 OR c.n = 9)", [8, 9]),
        ("c.n % 4 = 1 AND c.n <> 5", [1, 9]),
    ]:
        equal(_rows(container, f"SELECT VALUE c.n FROM c WHERE {condition} ORDER BY c.n"), expected)


@feature("queries: what is undefined is neither equal nor unequal")
def _(world):
    container = _over(world, [{"v": 1}, {}, {"v": None}])
    for condition, expected in [
        ("c.v = 1", ["000"]),
        ("c.v != 1", ["002"]),
        ("IS_DEFINED(c.v)", ["000", "002"]),
        ("NOT IS_DEFINED(c.v)", ["001"]),
        ("c.v = null", ["002"]),
        ("(c.v ?? 'none') = 'none'", ["001"]),
    ]:
        text = f"SELECT VALUE c.id FROM c WHERE {condition} ORDER BY c.id"
        equal(_rows(container, text), expected)


@feature("queries: text functions")
def _(world):
    container = _over(world, [{"t": "Hello"}])
    for call, expected in [
        ("STARTSWITH(c.t, 'he', true)", True),
        ("ENDSWITH(c.t, 'lo')", True),
        ("CONTAINS(c.t, 'ell')", True),
        ("UPPER(c.t)", "HELLO"),
        ("LENGTH(c.t)", 5),
        ("SUBSTRING(c.t, 1, 3)", "ell"),
        ("INDEX_OF(c.t, 'l')", 2),
        ("REPLACE(c.t, 'l', 'L')", "HeLLo"),
        ("REVERSE(c.t)", "olleH"),
        ("RegexMatch(c.t, '^H.*o$')", True),
        ("CONCAT(c.t, '-', 'x')", "Hello-x"),
        ("TRIM('  x ')", "x"),
        ("LEFT(c.t, 2)", "He"),
        ("StringToNumber('1.5')", 1.5),
    ]:
        equal(_rows(container, f"SELECT VALUE {call} FROM c"), [expected])


@feature("queries: array and type functions")
def _(world):
    container = _over(world, [{"x": [1, 2, 3], "o": {"a": 1}}])
    for call, expected in [
        ("ARRAY_CONTAINS(c.x, 2)", True),
        ("ARRAY_CONTAINS([{'a': 1, 'b': 2}], {'a': 1}, true)", True),
        ("ARRAY_LENGTH(c.x)", 3),
        ("ARRAY_SLICE(c.x, 1)", [2, 3]),
        ("ARRAY_CONCAT(c.x, [4])", [1, 2, 3, 4]),
        ("IS_ARRAY(c.x)", True),
        ("IS_OBJECT(c.o)", True),
        ("IS_NUMBER(c.o.a)", True),
        ("IS_STRING(c.o.a)", False),
        ("IS_NULL(null)", True),
    ]:
        equal(_rows(container, f"SELECT VALUE {call} FROM c"), [expected])


@feature("queries: mathematics")
def _(world):
    container = _over(world, [{"n": -2.5}])
    for call, expected in [
        ("ABS(c.n)", 2.5),
        ("FLOOR(c.n)", -3),
        ("CEILING(c.n)", -2),
        ("POWER(2, 10)", 1024),
        ("SQRT(16)", 4),
        ("ROUND(2.4)", 2),
        ("c.n * 2 + 1", -4),
        ("7 % 4", 3),
        ("SIGN(c.n)", -1),
    ]:
        equal(_rows(container, f"SELECT VALUE {call} FROM c"), [expected])


@feature("queries: a conditional and a coalesced value")
def _(world):
    container = _over(world, NUMBERED[:3])
    text = "SELECT VALUE (c.n > 1 ? 'many' : c.none ?? 'few') FROM c ORDER BY c.n"
    equal(_rows(container, text), ["few", "few", "many"])


@feature("queries: by a feed range")
def _(world):
    container = world.filled(12, keys=12)
    world.split(container)
    found = [
        _rows(container, "SELECT VALUE c.n FROM c", feed_range=feed_range)
        for feed_range in container.read_feed_ranges(force_refresh=True)
    ]
    equal(len(found), 2)
    holds(all(found), "one of the ranges is empty")
    equal(sorted(n for part in found for n in part), list(range(12)))


@feature("queries: paging goes on across a split")
def _(world):
    container = world.filled(20, keys=20)
    pages = container.query_items(
        "SELECT VALUE c.n FROM c", enable_cross_partition_query=True, max_item_count=5
    ).by_page()
    seen = list(next(pages))
    world.split(container)
    seen += [n for page in pages for n in page]
    equal(sorted(seen), list(range(20)))


@feature("queries: an error names what it does not understand, and where")
def _(world):
    container = world.container()
    error = refused(400, _rows, container, "SELECT * FROM c WHERE c.n >")
    holds("27" in error.message or "position" in error.message.lower(), error.message)
    error = refused(400, _rows, container, "SELECT VALUE NOSUCH(c.n) FROM c")
    holds("NOSUCH" in error.message, error.message)


@feature("queries: a parameter that is not given is 400")
def _(world):
    refused(400, _rows, world.filled(1), "SELECT * FROM c WHERE c.n = @none")


@feature("queries: a condition on the whole key needs no leave to cross keys")
def _(world):
    container = world.container(["/tenant", "/user"])
    for number, user in enumerate(["u", "v", "u"]):
        container.create_item({"id": str(number), "tenant": "t", "user": user})
    whole = "SELECT VALUE c.id FROM c WHERE c.tenant = 't' AND c.user = @user"
    found = container.query_items(whole, parameters=[{"name": "@user", "value": "u"}])
    equal(sorted(found), ["0", "2"])
    part = "SELECT VALUE c.id FROM c WHERE c.tenant = 't'"
    refused(400, lambda: list(container.query_items(part)))


@feature("queries: neither a key nor leave to cross keys is 400")
def _(world):
    container = world.filled(2, keys=2)
    world.split(container)
    refused(400, lambda: list(container.query_items("SELECT * FROM c ORDER BY c.n")))


@feature("queries: an aggregate together with ORDER BY")
def _(world):
    container = world.filled(6, keys=3)
    text = "SELECT VALUE SUM(c.n) FROM c WHERE c.n > 1 ORDER BY c.n"
    equal(list(container.query_items(text, enable_cross_partition_query=True)), [14])


@feature("queries: reading all items")
def _(world):
    container = world.filled(7, keys=3)
    items = container.read_all_items(max_item_count=2)
    equal(sorted(item["n"] for item in items), list(range(7)))


@feature("queries: a query has its price")
def _(world):
    container = world.filled(3)
    _rows(container, "SELECT * FROM c", partition_key="k0")
    holds(1 < float(headers(container)["x-ms-request-charge"]))
