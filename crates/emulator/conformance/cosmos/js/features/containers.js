"use strict";
/** Containers, their definitions, offers and ranges. */

const assert = require("node:assert/strict");
const { feature } = require("../runner.js");
const { fresh, refused } = require("../world.js");

feature("containers: the definition comes back as it was given", async (world) => {
  const indexingPolicy = {
    indexingMode: "consistent",
    automatic: true,
    includedPaths: [{ path: "/type/?" }],
    excludedPaths: [{ path: "/*" }],
  };
  const uniqueKeyPolicy = { uniqueKeys: [{ paths: ["/u", "/v"] }] };
  const definition = { indexingPolicy, uniqueKeyPolicy, defaultTtl: 3600 };
  const { resource } = await (await world.container(undefined, definition)).read();
  assert.deepEqual(resource.indexingPolicy, indexingPolicy);
  assert.deepEqual(resource.uniqueKeyPolicy, uniqueKeyPolicy);
  assert.equal(resource.defaultTtl, 3600);
  assert.deepEqual(resource.partitionKey, { paths: ["/pk"], kind: "Hash", version: 2 });
});

feature("containers: a key given as a path alone is one of version 1", async (world) => {
  const container = await world.container("/pk");
  const { paths, kind, version } = (await container.read()).resource.partitionKey;
  assert.deepEqual([paths, kind], [["/pk"], "Hash"]);
  assert.ok(version === undefined || version === 1, `version ${version}`);
  for (const pk of ["a", 7, true, null]) await container.items.create({ id: "1", pk });
  assert.equal((await container.item("1", 7).read()).resource.pk, 7);
});

feature("containers: a taken id is 409, and found by create if it does not exist", async (world) => {
  const { id } = await world.container();
  const { containers } = world.database;
  await refused(409, containers.create({ id, partitionKey: "/pk" }));
  assert.equal((await containers.createIfNotExists({ id, partitionKey: "/pk" })).statusCode, 200);
});

feature("containers: list and query", async (world) => {
  const { database } = await world.client.databases.create({ id: fresh("d") });
  for (const id of ["a", "b"]) await database.containers.create({ id, partitionKey: "/pk" });
  const all = (await database.containers.readAll().fetchAll()).resources;
  assert.deepEqual(all.map(({ id }) => id).sort(), ["a", "b"]);
  const found = await database.containers.query("SELECT * FROM r WHERE r.id = 'b'").fetchAll();
  assert.deepEqual(found.resources.map(({ id }) => id), ["b"]);
  await database.delete();
});

feature("containers: replace changes TTL and keeps the items", async (world) => {
  const container = await world.container();
  await container.items.create({ id: "1", pk: "a" });
  const { resource } = await container.read();
  const after = await container.replace({ ...resource, defaultTtl: 60 });
  assert.equal(after.resource.defaultTtl, 60);
  assert.equal(after.resource._rid, resource._rid);
  assert.equal((await container.item("1", "a").read()).statusCode, 200);
});

feature("containers: replace does not change the partition key, 400", async (world) => {
  const container = await world.container();
  const partitionKey = { paths: ["/other"], version: 2 };
  await refused(400, container.replace({ id: container.id, partitionKey }));
});

feature("containers: a deleted one is gone", async (world) => {
  const container = await world.container();
  assert.equal((await container.delete()).statusCode, 204);
  await refused(404, container.read());
});

feature("containers: unique keys hold within a partition key only", async (world) => {
  const uniqueKeyPolicy = { uniqueKeys: [{ paths: ["/mail"] }] };
  const { items } = await world.container(undefined, { uniqueKeyPolicy });
  await items.create({ id: "1", pk: "a", mail: "x" });
  await refused(409, items.create({ id: "2", pk: "a", mail: "x" }));
  assert.equal((await items.create({ id: "2", pk: "b", mail: "x" })).statusCode, 201);
});

feature("containers: a default TTL ends items, and an item's own goes before it", async (world) => {
  const container = await world.container(undefined, { defaultTtl: 5 });
  for (const [id, ttl] of [["short"], ["long", 60], ["ever", -1]]) {
    await container.items.create({ id, pk: "a", ttl });
  }
  await world.advance(10);
  assert.equal((await container.item("short", "a").read()).statusCode, 404);
  const { resources } = await container.items.query("SELECT VALUE c.id FROM c ORDER BY c.id").fetchAll();
  assert.deepEqual(resources, ["ever", "long"]);
});

feature("offers: throughput is read and replaced", async (world) => {
  const container = await world.container(undefined, { throughput: 500 });
  const { offer, resource } = await container.readOffer();
  assert.equal(resource.content.offerThroughput, 500);
  const changed = { ...resource, content: { ...resource.content, offerThroughput: 700 } };
  assert.equal((await offer.replace(changed)).statusCode, 200);
  assert.equal((await container.readOffer()).resource.content.offerThroughput, 700);
});

feature("offers: a database has none of its own, unless it was made with one", async (world) => {
  assert.equal((await world.database.readOffer()).resource, undefined);
  const { database } = await world.client.databases.create({ id: fresh("js"), throughput: 1000 });
  const { offer, resource } = await database.readOffer();
  assert.equal(resource.content.offerThroughput, 1000);
  const changed = { ...resource, content: { ...resource.content, offerThroughput: 700 } };
  assert.equal((await offer.replace(changed)).statusCode, 200);
  assert.equal((await database.readOffer()).resource.content.offerThroughput, 700);
  await database.delete();
});

feature("ranges: more throughput begins with more of them", async (world) => {
  const container = await world.container(undefined, { throughput: 12000 });
  const ids = Array.from({ length: 20 }, (_, n) => `${n}`);
  for (const id of ids) await container.items.create({ id, pk: id });
  const { resources } = await container.items.query("SELECT VALUE c.id FROM c").fetchAll();
  assert.deepEqual(resources.sort(), ids.sort());
  const ranges = (await container.readPartitionKeyRanges().fetchAll()).resources;
  assert.deepEqual(ranges.map((range) => range.parents), [[], []]);
});

feature("ranges: one at first, two after a split with their parent named", async (world) => {
  const container = await world.container();
  const ranges = async () => (await container.readPartitionKeyRanges().fetchAll()).resources;
  const [whole, ...rest] = await ranges();
  assert.deepEqual([whole.id, whole.minInclusive, whole.maxExclusive, rest], ["0", "", "FF", []]);
  await world.split(container);
  const [low, high] = (await ranges()).sort((a, b) => (a.minInclusive < b.minInclusive ? -1 : 1));
  assert.deepEqual([low.minInclusive, high.maxExclusive], ["", "FF"]);
  assert.equal(low.maxExclusive, high.minInclusive);
  assert.deepEqual([low.parents, high.parents], [["0"], ["0"]]);
});

feature("ranges: the container's feed ranges follow a split and a merge", async (world) => {
  const container = await world.container();
  assert.equal((await container.getFeedRanges()).length, 1);
  await world.split(container);
  assert.equal((await world.elsewhere(container).getFeedRanges()).length, 2);
  await world.merge(container);
  assert.equal((await world.elsewhere(container).getFeedRanges()).length, 1);
});
