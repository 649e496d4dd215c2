"use strict";
/** Transactional batches and bulk. */

const assert = require("node:assert/strict");
const { feature } = require("../runner.js");
const { name, refused } = require("../world.js");

const codes = (results) => results.map(({ statusCode }) => statusCode);
const create = (id, more = {}) => ({ operationType: "Create", resourceBody: { id, pk: "a", ...more } });
const read = (id) => ({ operationType: "Read", id });
const incr = (id, more = {}) => ({
  operationType: "Patch",
  id,
  resourceBody: { operations: [{ op: "incr", path: "/n", value: 10 }], ...more },
});

feature("batch: all six operations in one, in order", async (world) => {
  const container = await world.container();
  const { code, result } = await container.items.batch(
    [
      create("1", { n: 1 }),
      { operationType: "Upsert", resourceBody: { id: "2", pk: "a", n: 2 } },
      read("1"),
      { operationType: "Replace", id: "2", resourceBody: { id: "2", pk: "a", n: 3 } },
      incr("1"),
      { operationType: "Delete", id: "2" },
    ],
    "a",
  );
  assert.equal(code, 200);
  assert.deepEqual(codes(result), [201, 201, 200, 200, 200, 204]);
  assert.deepEqual(result.slice(0, 5).map(({ resourceBody: { n } }) => n), [1, 2, 1, 3, 11]);
  assert.equal((await container.item("2", "a").read()).statusCode, 404);
});

feature("batch: results have ETags and charges, the whole has the sum", async (world) => {
  const container = await world.container();
  const { result, headers } = await container.items.batch([create("1"), create("2")], "a");
  assert.equal(result[1].eTag, (await container.item("2", "a").read()).etag);
  const sum = result.reduce((sum, { requestCharge }) => sum + requestCharge, 0);
  assert.ok(1 < sum && Math.abs(Number(headers["x-ms-request-charge"]) - sum) < 0.01);
});

feature("batch: one that fails takes all others along: 207, 424", async (world) => {
  const container = await world.container();
  await container.items.create({ id: "taken", pk: "a" });
  const { code, result } = await container.items.batch([create("1"), create("taken"), create("3")], "a");
  assert.equal(code, 207);
  assert.deepEqual(codes(result), [424, 409, 424]);
  for (const id of ["1", "3"]) {
    assert.equal((await container.item(id, "a").read()).statusCode, 404);
  }
});

feature("batch: changes made before the failure are taken back", async (world) => {
  const container = await world.container();
  const { item, resource } = await container.items.create({ id: "1", pk: "a", n: 1 });
  const { result } = await container.items.batch([incr("1"), create("2"), read("no")], "a");
  assert.deepEqual(codes(result), [424, 424, 404]);
  assert.deepEqual((await item.read()).resource, resource);
});

feature("batch: a stale ETag is 412 and fails it", async (world) => {
  const container = await world.container();
  const { etag } = await container.items.create({ id: "1", pk: "a", n: 1 });
  const replace = (n) => ({
    operationType: "Replace", id: "1", resourceBody: { id: "1", pk: "a", n }, ifMatch: etag,
  });
  assert.deepEqual(codes((await container.items.batch([replace(2)], "a")).result), [200]);
  const { code, result } = await container.items.batch([create("2"), replace(3)], "a");
  assert.equal(code, 207);
  assert.deepEqual(codes(result), [424, 412]);
});

feature("batch: a patch with a condition that does not hold is 412", async (world) => {
  const container = await world.container();
  await container.items.create({ id: "1", pk: "a", n: 1 });
  const patch = incr("1", { condition: "from c where c.n < 5" });
  const { code, result } = await container.items.batch([patch, create("2"), patch], "a");
  assert.equal(code, 207);
  assert.deepEqual(codes(result), [424, 424, 412]);
  assert.equal((await container.item("1", "a").read()).resource.n, 1);
});

feature("batch: 100 operations are taken, 101 are 400", async (world) => {
  const { items } = await world.container();
  const operations = Array.from({ length: 101 }, (_, n) => create(name(n)));
  await assert.rejects(items.batch(operations, "a"));
  assert.deepEqual(codes((await items.batch(operations.slice(1), "a")).result), Array(100).fill(201));
});

feature("batch: without content in the answer the ETags stay", async (world) => {
  const { items } = await world.container();
  const quiet = { contentResponseOnWriteEnabled: false };
  const { result } = await items.batch([create("1"), create("2")], "a", quiet);
  assert.deepEqual(result.map(({ resourceBody }) => resourceBody), [undefined, undefined]);
  assert.ok(result.every(({ eTag }) => eTag));
});

feature("bulk: operations of many keys, each with an outcome of its own", async (world) => {
  const container = await world.filled(4, 4);
  const outcomes = await container.items.executeBulkOperations([
    { operationType: "Create", partitionKey: "new", resourceBody: { id: "x", pk: "new" } },
    { operationType: "Create", partitionKey: "k0", resourceBody: { id: "000", pk: "k0" } },
    { operationType: "Upsert", partitionKey: "k1", resourceBody: { id: "001", pk: "k1", n: 10 } },
    { operationType: "Read", partitionKey: "k2", id: "002" },
    { operationType: "Delete", partitionKey: "k3", id: "003" },
    { operationType: "Read", partitionKey: "k9", id: "no" },
    {
      operationType: "Patch",
      partitionKey: "k0",
      id: "000",
      resourceBody: { operations: [{ op: "incr", path: "/n", value: 5 }] },
    },
  ]);
  const got = outcomes.map(({ response, error }) => response?.statusCode ?? error?.code);
  assert.deepEqual(got, [201, 409, 200, 200, 204, 404, 200]);
  assert.equal((await container.item("000", "k0").read()).resource.n, 5);
});

feature("bulk: 300 operations over two ranges", async (world) => {
  const container = await world.container();
  await world.split(container);
  const operations = Array.from({ length: 300 }, (_, n) => ({
    operationType: "Create",
    partitionKey: `k${n}`,
    resourceBody: { id: "1", pk: `k${n}`, n },
  }));
  const outcomes = await world.elsewhere(container).items.executeBulkOperations(operations);
  assert.ok(outcomes.every(({ response }) => response?.statusCode === 201));
  const { resources } = await container.items.query("SELECT VALUE COUNT(1) FROM c").fetchAll();
  assert.deepEqual(resources, [300]);
});

feature("bulk: it goes on across a split", async (world) => {
  const container = await world.container();
  const create = (from) =>
    Array.from({ length: 20 }, (_, n) => ({
      operationType: "Create",
      partitionKey: `k${n}`,
      resourceBody: { id: name(from + n), pk: `k${n}` },
    }));
  await container.items.executeBulkOperations(create(0));
  await world.split(container);
  const outcomes = await container.items.executeBulkOperations(create(20));
  assert.deepEqual(outcomes.map(({ response }) => response?.statusCode), Array(20).fill(201));
});

feature("batch: an item of another partition key is 400", async (world) => {
  const container = await world.container();
  const other = { operationType: "Create", resourceBody: { id: "2", pk: "b" } };
  const { code, result } = await container.items.batch([create("1"), other], "a");
  assert.deepEqual([code, codes(result)], [207, [424, 400]]);
  await refused(404, container.item("1", "a").delete());
});
