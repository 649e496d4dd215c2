"use strict";
/** Queries: scope, paging, clauses, functions, errors. */

const assert = require("node:assert/strict");
const { feature } = require("../runner.js");
const { name, refused } = require("../world.js");

/** A container with these items, each under a partition key of its own. */
async function over(world, items) {
  const container = await world.container();
  for (const [number, item] of items.entries()) {
    await container.items.create({ id: name(number), pk: `k${number}`, ...item });
  }
  return container;
}

async function rows(container, query, options) {
  return (await container.items.query(query, options).fetchAll()).resources;
}

/** The rows of a query over one range, over three, and planned by the client. */
async function allBy(world, items, query, expected) {
  const container = await over(world, items);
  assert.deepEqual(await rows(container, query), expected);
  await world.split(container);
  await world.split(container);
  const other = world.elsewhere(container);
  assert.deepEqual(await rows(other, query), expected);
  assert.deepEqual(await rows(other, query, { forceQueryPlan: true }), expected);
}

const NUMBERED = Array.from({ length: 10 }, (_, n) => ({ n }));

feature("queries: within a partition key", async (world) => {
  const container = await world.filled(10, 2);
  const found = await rows(container, "SELECT VALUE c.n FROM c", { partitionKey: "k1" });
  assert.deepEqual(found, [1, 3, 5, 7, 9]);
});

feature("queries: across partition keys, with parameters", async (world) => {
  const container = await world.filled(10, 5);
  const query = "SELECT VALUE c.n FROM c WHERE c.n > @least AND ARRAY_CONTAINS(@some, c.n)";
  const parameters = [{ name: "@least", value: 6 }, { name: "@some", value: [1, 7, 9] }];
  assert.deepEqual((await rows(container, { query, parameters })).sort(), [7, 9]);
});

feature("queries: page by page", async (world) => {
  const container = await world.filled(10, 3);
  const query = container.items.query("SELECT VALUE c.n FROM c", { maxItemCount: 4 });
  const pages = [];
  while (query.hasMoreResults()) pages.push((await query.fetchNext()).resources ?? []);
  assert.ok(pages.every((page) => page.length <= 4));
  assert.deepEqual(pages.flat().sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

feature("queries: a continuation token goes on where the page ended", async (world) => {
  const container = await world.filled(10);
  const text = "SELECT VALUE c.n FROM c";
  const options = { partitionKey: "k0", maxItemCount: 3 };
  const first = await container.items.query(text, options).fetchNext();
  assert.deepEqual(first.resources, [0, 1, 2]);
  const { continuationToken } = first;
  assert.deepEqual(await rows(container, text, { ...options, continuationToken }), [3, 4, 5, 6, 7, 8, 9]);
});

feature("queries: reading all items", async (world) => {
  const container = await world.filled(7, 3);
  const { resources } = await container.items.readAll({ maxItemCount: 2 }).fetchAll();
  assert.deepEqual(resources.map(({ n }) => n).sort(), [0, 1, 2, 3, 4, 5, 6]);
});

feature("queries: SELECT of properties, aliases, objects and arrays", async (world) => {
  const container = await over(world, [{ a: { b: 1 }, n: 2 }]);
  const found = await rows(container, "SELECT c.n, c.a.b AS deep, {x: [c.n]} AS made, c.none FROM c");
  assert.deepEqual(found, [{ n: 2, deep: 1, made: { x: [2] } }]);
});

feature("queries: ORDER BY over all ranges", (world) =>
  allBy(world, NUMBERED, "SELECT VALUE c.n FROM c ORDER BY c.n DESC", [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]));

feature("queries: ORDER BY of two keys, one of them down", (world) => {
  const items = Array.from({ length: 6 }, (_, n) => ({ a: n % 2, b: n }));
  return allBy(world, items, "SELECT VALUE c.b FROM c ORDER BY c.a ASC, c.b DESC", [4, 2, 0, 5, 3, 1]);
});

feature("queries: TOP", (world) =>
  allBy(world, NUMBERED, "SELECT TOP 3 VALUE c.n FROM c ORDER BY c.n", [0, 1, 2]));

feature("queries: OFFSET and LIMIT", (world) =>
  allBy(world, NUMBERED, "SELECT VALUE c.n FROM c ORDER BY c.n OFFSET 2 LIMIT 3", [2, 3, 4]));

feature("queries: DISTINCT", (world) => {
  // Not from 0: this client, where it plans itself, drops what is falsy.
  const items = Array.from({ length: 9 }, (_, n) => ({ g: (n % 3) + 1 }));
  return allBy(world, items, "SELECT DISTINCT VALUE c.g FROM c ORDER BY c.g", [1, 2, 3]);
});

for (const [call, expected] of [["COUNT", 10], ["SUM", 45], ["MIN", 0], ["MAX", 9], ["AVG", 4.5]]) {
  feature(`queries: ${call} over all ranges`, (world) =>
    allBy(world, NUMBERED, `SELECT VALUE ${call}(c.n) FROM c`, [expected]));
}

feature("queries: GROUP BY with aggregates", async (world) => {
  const container = await over(world, Array.from({ length: 6 }, (_, n) => ({ g: "ab"[n % 2], n })));
  const query = "SELECT c.g, COUNT(1) AS count, SUM(c.n) AS sum FROM c GROUP BY c.g";
  const found = (await rows(container, query)).sort((a, b) => (a.g < b.g ? -1 : 1));
  assert.deepEqual(found, [{ g: "a", count: 3, sum: 6 }, { g: "b", count: 3, sum: 9 }]);
});

feature("queries: JOIN over arrays", async (world) => {
  const container = await over(world, [{ x: [1, 2], y: ["a", "b"] }]);
  const query = "SELECT VALUE CONCAT(ToString(x), y) FROM c JOIN x IN c.x JOIN y IN c.y WHERE x > 1";
  assert.deepEqual(await rows(container, query), ["2a", "2b"]);
});

feature("queries: subqueries: EXISTS, ARRAY, scalar", async (world) => {
  const container = await over(world, [{ x: [1, 5] }]);
  for (const [value, expected] of [
    ["EXISTS(SELECT VALUE x FROM x IN c.x WHERE x > 4)", true],
    ["ARRAY(SELECT VALUE x * 2 FROM x IN c.x)", [2, 10]],
    ["(SELECT VALUE COUNT(1) FROM x IN c.x)", 2],
  ]) {
    assert.deepEqual(await rows(container, `SELECT VALUE ${value} FROM c`), [expected]);
  }
});

feature("queries: conditions: IN, BETWEEN, LIKE, NOT, IS_DEFINED", async (world) => {
  const container = await over(world, NUMBERED);
  for (const [condition, expected] of [
    ["c.n IN (1, 3, 20)", [1, 3]],
    ["c.n BETWEEN 3 AND 5", [3, 4, 5]],
    ["c.id LIKE '%07'", [7]],
    ["NOT (c.n < 8) AND (c.n = 8 OR c.n = 9)", [8, 9]],
    ["IS_DEFINED(c.none)", []],
    ["NOT IS_DEFINED(c.none) AND c.n = 1", [1]],
  ]) {
    const query = `SELECT VALUE c.n FROM c WHERE ${condition} ORDER BY c.n`;
    assert.deepEqual(await rows(container, query), expected, condition);
  }
});

feature("queries: functions of text, arrays, numbers and types", async (world) => {
  const container = await over(world, [{ t: "Hello", x: [1, 2, 3], n: -2.5 }]);
  for (const [call, expected] of [
    ["STARTSWITH(c.t, 'he', true)", true],
    ["CONTAINS(c.t, 'ell')", true],
    ["UPPER(c.t)", "HELLO"],
    ["LENGTH(c.t)", 5],
    ["SUBSTRING(c.t, 1, 3)", "ell"],
    ["RegexMatch(c.t, '^H.*o$')", true],
    ["ARRAY_CONTAINS(c.x, 2)", true],
    ["ARRAY_LENGTH(c.x)", 3],
    ["ARRAY_SLICE(c.x, 1)", [2, 3]],
    ["ABS(c.n)", 2.5],
    ["FLOOR(c.n)", -3],
    ["POWER(2, 10)", 1024],
    ["IS_STRING(c.t)", true],
    ["IS_NUMBER(c.t)", false],
    ["(c.n < 0 ? 'less' : 'more')", "less"],
    ["(c.none ?? 'none')", "none"],
  ]) {
    assert.deepEqual(await rows(container, `SELECT VALUE ${call} FROM c`), [expected], call);
  }
});

feature("queries: an error names what it does not understand", async (world) => {
  const container = await world.container();
  const error = await refused(400, rows(container, "SELECT * FRM c"));
  assert.match(JSON.stringify(error.body ?? error.message), /FRM|position|10/);
});

feature("queries: a query has its price", async (world) => {
  const container = await world.filled(3);
  const { requestCharge } = await container.items.query("SELECT * FROM c").fetchAll();
  assert.ok(1 < requestCharge);
});
