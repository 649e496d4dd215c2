"use strict";
/** The change feed: where it starts and goes on, its scopes, whole transactions, splits. */

const assert = require("node:assert/strict");
const { ChangeFeedStartFrom } = require("@azure/cosmos");
const { feature } = require("../runner.js");
const { name } = require("../world.js");

const ids = (items) => items.map(({ id }) => id);
const names = (from, to) => Array.from({ length: to - from }, (_, n) => name(from + n));
const BEGINNING = { changeFeedStartFrom: ChangeFeedStartFrom.Beginning() };

/** The pages until nothing is new, and the continuation after them. */
async function pages(container, options) {
  const feed = container.items.getChangeFeedIterator({ maxItemCount: 100, ...options });
  const found = [];
  let answer = await feed.readNext();
  while (answer.statusCode !== 304) {
    found.push(answer.result);
    answer = await feed.readNext();
  }
  const continuation = ChangeFeedStartFrom.Continuation(answer.continuationToken);
  return { pages: found, items: found.flat(), after: { changeFeedStartFrom: continuation } };
}

feature("feed: from the beginning, in the order of the writes", async (world) => {
  const { items } = await pages(await world.filled(8), BEGINNING);
  assert.deepEqual(ids(items), names(0, 8));
  assert.deepEqual(items.map(({ _lsn }) => _lsn - items[0]._lsn), [0, 1, 2, 3, 4, 5, 6, 7]);
});

feature("feed: a changed item comes once, a deleted one does not", async (world) => {
  const container = await world.filled(3);
  await container.item("000", "k0").patch([{ op: "set", path: "/n", value: "new" }]);
  await container.item("001", "k0").delete();
  const { items } = await pages(container, BEGINNING);
  assert.deepEqual(items.map(({ n }) => n), [2, "new"]);
});

feature("feed: from now on there is nothing, then what is written later", async (world) => {
  const container = await world.filled(3);
  const { items, after } = await pages(container, { changeFeedStartFrom: ChangeFeedStartFrom.Now() });
  assert.deepEqual(items, []);
  await container.items.create({ id: "later", pk: "k0" });
  assert.deepEqual(ids((await pages(container, after)).items), ["later"]);
});

feature("feed: a continuation can be used again", async (world) => {
  const container = await world.filled(2);
  const { after } = await pages(container, BEGINNING);
  await container.items.create({ id: "a", pk: "k0" });
  for (const _ of [1, 2]) assert.deepEqual(ids((await pages(container, after)).items), ["a"]);
});

feature("feed: page by page it is the same", async (world) => {
  const read = await pages(await world.filled(10), { ...BEGINNING, maxItemCount: 3 });
  assert.deepEqual(ids(read.items), names(0, 10));
  assert.ok(read.pages.every((page) => page.length <= 3));
});

feature("feed: of one partition key", async (world) => {
  const container = await world.filled(6, 2);
  const changeFeedStartFrom = ChangeFeedStartFrom.Beginning("k1");
  const { items, after } = await pages(container, { changeFeedStartFrom });
  assert.deepEqual(ids(items), ["001", "003", "005"]);
  await container.items.create({ id: "other", pk: "k0" });
  await container.items.create({ id: "own", pk: "k1" });
  assert.deepEqual(ids((await pages(container, after)).items), ["own"]);
});

feature("feed: of each feed range, together it is all", async (world) => {
  const container = await world.filled(12, 12);
  await world.split(container);
  const other = world.elsewhere(container);
  const parts = [];
  for (const range of await other.getFeedRanges()) {
    const changeFeedStartFrom = ChangeFeedStartFrom.Beginning(range);
    parts.push(ids((await pages(other, { changeFeedStartFrom })).items));
  }
  assert.equal(parts.length, 2);
  assert.ok(parts.every((part) => part.length));
  assert.deepEqual(parts.flat().sort(), names(0, 12));
});

feature("feed: from a moment in time", async (world) => {
  const container = await world.filled(2);
  await world.advance(60);
  const { resource } = await container.items.create({ id: "later", pk: "k0" });
  const since = new Date((resource._ts - 30) * 1000);
  const { items } = await pages(container, { changeFeedStartFrom: ChangeFeedStartFrom.Time(since) });
  assert.deepEqual(ids(items), ["later"]);
});

feature("feed: a transaction comes whole, whatever the size of the page", async (world) => {
  const container = await world.container();
  for (const batch of ["a", "b", "c"]) {
    const operations = names(0, 5).map((n) => ({
      operationType: "Create",
      resourceBody: { id: `${batch}${n}`, pk: "k" },
    }));
    await container.items.batch(operations, "k");
  }
  const read = await pages(container, { ...BEGINNING, maxItemCount: 2 });
  for (const page of read.pages) {
    assert.equal(page.length, 5 * new Set(page.map(({ _lsn }) => _lsn)).size);
  }
  assert.equal(read.items.length, 15);
});

feature("feed: it goes on across two splits without loss or repetition", async (world) => {
  const container = await world.filled(10, 10);
  const { after } = await pages(container, BEGINNING);
  await world.split(container);
  await world.split(container);
  for (const id of names(10, 20)) await container.items.create({ id, pk: `k${Number(id) % 10}` });
  const second = await pages(container, after);
  assert.deepEqual(ids(second.items).sort(), names(10, 20));
  assert.deepEqual((await pages(container, second.after)).items, []);
});

feature("feed: a split between two pages loses nothing", async (world) => {
  const container = await world.filled(20, 20);
  const feed = container.items.getChangeFeedIterator({ ...BEGINNING, maxItemCount: 6 });
  const seen = ids((await feed.readNext()).result);
  await world.split(container);
  let answer = await feed.readNext();
  while (answer.statusCode !== 304) {
    seen.push(...ids(answer.result));
    answer = await feed.readNext();
  }
  assert.deepEqual(seen.sort(), names(0, 20));
});

feature("feed: by the older call of a partition key", async (world) => {
  const container = await world.filled(6, 2);
  const feed = container.items.changeFeed("k1", { startFromBeginning: true });
  assert.deepEqual(ids((await feed.fetchNext()).result), ["001", "003", "005"]);
});
