"use strict";
/** The change feed of all versions and deletes, and a split that takes its time. */

const assert = require("node:assert/strict");
const { ChangeFeedMode, ChangeFeedStartFrom } = require("@azure/cosmos");
const { feature } = require("../runner.js");
const { refused } = require("../world.js");

/** What was done until nothing is new, and the continuation after it. */
async function done(container, changeFeedStartFrom = ChangeFeedStartFrom.Now()) {
  const changeFeedMode = ChangeFeedMode.AllVersionsAndDeletes;
  const feed = container.items.getChangeFeedIterator({ changeFeedMode, changeFeedStartFrom });
  const items = [];
  let answer = await feed.readNext();
  while (answer.statusCode !== 304) {
    items.push(...answer.result);
    answer = await feed.readNext();
  }
  return { items, after: ChangeFeedStartFrom.Continuation(answer.continuationToken) };
}

const kinds = (items) => items.map(({ metadata }) => metadata.operationType);

feature("versions: from now on every write and delete comes, in order", async (world) => {
  const container = await world.filled(2);
  const { items: none, after } = await done(container);
  assert.deepEqual(none, []);
  await container.items.create({ id: "a", pk: "k0" });
  await container.items.upsert({ id: "a", pk: "k0", n: 1 });
  await container.item("a", "k0").delete();
  const { items } = await done(container, after);
  assert.deepEqual(kinds(items), ["create", "replace", "delete"]);
  assert.deepEqual([items[0].current.id, items[1].current.n], ["a", 1]);
  assert.deepEqual([items[2].current, items[2].previous.n], [{}, 1]);
  assert.equal(items[2].metadata.previousImageLSN, items[1].metadata.lsn);
});

feature("versions: a transaction shows all it did under one number", async (world) => {
  const container = await world.container();
  const { after } = await done(container);
  const operations = [
    { operationType: "Create", resourceBody: { id: "a", pk: "k" } },
    { operationType: "Upsert", resourceBody: { id: "a", pk: "k", n: 2 } },
    { operationType: "Create", resourceBody: { id: "b", pk: "k" } },
  ];
  await container.items.batch(operations, "k");
  const { items } = await done(container, after);
  assert.deepEqual(kinds(items), ["create", "replace", "create"]);
  assert.equal(new Set(items.map(({ metadata }) => metadata.lsn)).size, 1);
});

feature("versions: it goes on across a split without loss or repetition", async (world) => {
  const container = await world.container();
  const { after } = await done(container);
  const numbers = Array.from({ length: 10 }, (_, n) => n);
  for (const n of numbers) await container.items.create({ id: `${n}`, pk: `k${n}` });
  await world.split(container);
  for (const n of numbers) await container.item(`${n}`, `k${n}`).delete();
  const { items, after: end } = await done(container, after);
  assert.deepEqual(kinds(items).sort(), [...Array(10).fill("create"), ...Array(10).fill("delete")]);
  assert.deepEqual((await done(container, end)).items, []);
});

feature("splits: while one completes a range is gone, 1007, and then the client goes on", async (world) => {
  const container = await world.filled(10, 10);
  const query = () => container.items.query("SELECT VALUE c.n FROM c ORDER BY c.n").fetchAll();
  assert.equal((await query()).resources.length, 10);
  await world.splitWithin(container, 60_000);
  await refused(410, container.item("001", "k1").read(), 1007);
  await world.advance(60);
  assert.equal((await query()).resources.length, 10);
  assert.equal((await container.item("001", "k1").read()).statusCode, 200);
});
