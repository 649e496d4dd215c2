"use strict";
/** Points: create, upsert, replace, read, delete, preconditions, keys and ids, sessions. */

const assert = require("node:assert/strict");
const { PartitionKeyBuilder } = require("@azure/cosmos");
const { feature } = require("../runner.js");
const { refused } = require("../world.js");

const ifMatch = (condition) => ({ accessCondition: { type: "IfMatch", condition } });
const ifNoneMatch = (condition) => ({ accessCondition: { type: "IfNoneMatch", condition } });

feature("items: create answers the item with its system properties", async (world) => {
  const container = await world.container();
  const answer = await container.items.create({ id: "1", pk: "a", list: [1, { x: null }] });
  assert.equal(answer.statusCode, 201);
  assert.deepEqual(answer.resource.list, [1, { x: null }]);
  assert.equal(answer.etag, answer.resource._etag);
  assert.ok(answer.resource._rid && 0 < answer.resource._ts);
  assert.match(answer.resource._self, /^dbs\/.+\/colls\/.+\/docs\/.+\/$/);
});

feature("items: answers carry charge, session token and activity id", async (world) => {
  const container = await world.container();
  const made = await container.items.create({ id: "1", pk: "a" });
  assert.ok(1 < made.requestCharge);
  assert.match(made.headers["x-ms-session-token"], /^0:/);
  assert.ok(made.activityId);
  assert.equal((await container.item("1", "a").read()).requestCharge, 1);
});

feature("items: a read answers what the write answered", async (world) => {
  const container = await world.container();
  const text = "ü 🚀 \u2028 \\ \" \u0000 \ud7ff";
  const made = await container.items.create({ id: "1", pk: "a", text, n: 0.1, z: -0, big: 2 ** 53 });
  const read = await container.item("1", "a").read();
  assert.deepEqual(read.resource, made.resource);
  assert.equal(read.resource.text, text);
});

feature("items: a taken id is 409, under another partition key it is not taken", async (world) => {
  const { items } = await world.container();
  await items.create({ id: "1", pk: "a" });
  await refused(409, items.create({ id: "1", pk: "a" }));
  assert.equal((await items.create({ id: "1", pk: "b" })).statusCode, 201);
});

feature("items: reading, replacing and deleting what is not there is 404", async (world) => {
  const item = (await world.container()).item("no", "a");
  assert.equal((await item.read()).statusCode, 404);
  await refused(404, item.replace({ id: "no", pk: "a" }));
  await refused(404, item.delete());
});

feature("items: in a container that is not there it is 404/1003", async (world) => {
  const container = world.database.container("none");
  await refused(404, container.item("1", "a").delete(), 1003);
});

feature("items: upsert creates, then replaces", async (world) => {
  const { items } = await world.container();
  const first = await items.upsert({ id: "1", pk: "a", old: true });
  const second = await items.upsert({ id: "1", pk: "a", n: 2 });
  assert.deepEqual([first.statusCode, second.statusCode], [201, 200]);
  assert.equal("old" in second.resource, false);
  assert.equal(second.resource._rid, first.resource._rid);
  assert.notEqual(second.etag, first.etag);
});

feature("items: replace if the ETag is the same, else 412", async (world) => {
  const container = await world.container();
  const { item, etag } = await container.items.create({ id: "1", pk: "a", n: 1 });
  const body = { id: "1", pk: "a", n: 2 };
  assert.equal((await item.replace(body, ifMatch(etag))).resource.n, 2);
  await refused(412, item.replace(body, ifMatch(etag)));
});

feature("items: upsert and delete if the ETag is the same, else 412", async (world) => {
  const container = await world.container();
  const { item, etag } = await container.items.create({ id: "1", pk: "a", n: 1 });
  const second = await container.items.upsert({ id: "1", pk: "a", n: 2 }, ifMatch(etag));
  await refused(412, container.items.upsert({ id: "1", pk: "a", n: 3 }, ifMatch(etag)));
  await refused(412, item.delete(ifMatch(etag)));
  assert.equal((await item.delete(ifMatch(second.etag))).statusCode, 204);
});

feature("items: a read of an unchanged item is 304", async (world) => {
  const container = await world.container();
  const { item, etag } = await container.items.create({ id: "1", pk: "a" });
  assert.equal((await item.read(ifNoneMatch(etag))).statusCode, 304);
  await item.replace({ id: "1", pk: "a", n: 2 });
  assert.equal((await item.read(ifNoneMatch(etag))).resource.n, 2);
});

feature("items: an id is generated where none is given", async (world) => {
  const container = await world.container();
  const { resource } = await container.items.create({ pk: "a" });
  assert.equal((await container.item(resource.id, "a").read()).statusCode, 200);
});

feature("items: ids of 1023 bytes, in any script and with odd signs", async (world) => {
  const container = await world.container();
  const odd = ["x".repeat(1023), "a b", "a+b%20", "üß", "日本", "🚀", "a&b=c;d", "'\"<>", "a:b@c", "[x]"];
  for (const id of odd) {
    await container.items.create({ id, pk: id });
    assert.equal((await container.item(id, id).read()).resource.id, id);
    assert.equal((await container.item(id, id).delete()).statusCode, 204);
  }
});

feature("items: an id of 1024 bytes is 400", async (world) => {
  const { items } = await world.container();
  await refused(400, items.create({ id: "x".repeat(1024), pk: "a" }));
});

feature("items: an item of more than 2 MB is 413", async (world) => {
  const { items } = await world.container();
  assert.equal((await items.create({ id: "1", pk: "a", t: "x".repeat(2e6) })).statusCode, 201);
  await refused(413, items.create({ id: "2", pk: "a", t: "x".repeat(2.2e6) }));
});

feature("keys: strings, numbers, booleans and null are keys of their own", async (world) => {
  const container = await world.container();
  const keys = ["1", 1, 1.5, -1, true, false, "", "null", null, "ü"];
  for (const pk of keys) await container.items.create({ id: "1", pk });
  for (const pk of keys) assert.equal((await container.item("1", pk).read()).resource.pk, pk);
});

feature("keys: null is not the same as none", async (world) => {
  const container = await world.container();
  await container.items.create({ id: "1", pk: null, has: "null" });
  await container.items.create({ id: "1", has: "none" });
  assert.equal((await container.item("1", null).read()).resource.has, "null");
  assert.equal((await container.item("1", undefined).read()).resource.has, "none");
});

feature("keys: a hierarchical key reads by the whole and queries by a prefix", async (world) => {
  const key = { paths: ["/tenant", "/user"], kind: "MultiHash", version: 2 };
  const container = await world.container(key);
  for (const [tenant, user] of [["t", 1], ["t", 2], ["s", 1]]) {
    await container.items.create({ id: "1", tenant, user });
  }
  assert.equal((await container.item("1", ["t", 2]).read()).resource.user, 2);
  const partitionKey = new PartitionKeyBuilder().addValue("t").build();
  const query = container.items.query("SELECT VALUE c.user FROM c", { partitionKey });
  assert.deepEqual((await query.fetchAll()).resources.sort(), [1, 2]);
});

feature("sessions: the token's LSN grows by one with each write", async (world) => {
  const { items } = await world.container();
  const lsns = [];
  for (const id of ["1", "2", "3"]) {
    const { headers } = await items.create({ id, pk: "a" });
    lsns.push(Number(headers["x-ms-session-token"].split("#")[1]));
  }
  assert.deepEqual(lsns.map((lsn) => lsn - lsns[0]), [0, 1, 2]);
});

feature("sessions: at a token from the future the client asks again without it", async (world) => {
  const container = await world.container();
  const { headers, item } = await container.items.create({ id: "1", pk: "a" });
  const sessionToken = headers["x-ms-session-token"];
  const ahead = sessionToken.replace(/#(\d+)/, (_, lsn) => `#${Number(lsn) + 1000}`);
  assert.equal((await item.read({ sessionToken })).statusCode, 200);
  const before = (await world.counts(container)).read;
  assert.equal((await item.read({ sessionToken: ahead })).statusCode, 200);
  assert.equal((await world.counts(container)).read - before, 2);
});
