"use strict";
/** Faults, set by the control port and met through the client; sessions over several clients. */

const assert = require("node:assert/strict");
const { feature } = require("../runner.js");
const { refused } = require("../world.js");

feature("faults: a throttled write is sent again after the asked pause", async (world) => {
  const { items } = await world.container();
  await world.fault({ operation: "create", action: "throttle", retryAfterMs: 100, count: 2 });
  const started = performance.now();
  const { statusCode } = await items.create({ id: "1", pk: "a" });
  assert.equal(statusCode, 201);
  assert.ok(195 <= performance.now() - started);
  assert.deepEqual(await world.faults(), []);
});

feature("faults: throttled for good it is 429/3200", async (world) => {
  const container = await world.container();
  const connectionPolicy = {
    retryOptions: { maxRetryAttemptCount: 1, fixedRetryIntervalInMilliseconds: 0, maxWaitTimeInSeconds: 5 },
  };
  const { items } = world.elsewhere(container, { connectionPolicy });
  await world.fault({ operation: "create", action: "throttle", retryAfterMs: 5, count: 50 });
  await refused(429, items.create({ id: "1", pk: "a" }), 3200);
  await world.noFaults();
  assert.equal((await container.item("1", "a").read()).statusCode, 404);
});

feature("faults: throttled queries, feeds and batches go on", async (world) => {
  const container = await world.filled(3);
  for (const operation of ["query", "feed", "batch"]) {
    await world.fault({ operation, action: "throttle", retryAfterMs: 5 });
  }
  assert.equal((await container.items.query("SELECT * FROM c").fetchAll()).resources.length, 3);
  const feed = container.items.changeFeed("k0", { startFromBeginning: true });
  assert.equal((await feed.fetchNext()).result.length, 3);
  const read = [{ operationType: "Read", id: "000" }];
  assert.equal((await container.items.batch(read, "k0")).code, 200);
  assert.deepEqual(await world.faults(), []);
});

feature("faults: a status reaches the client with its substatus", async (world) => {
  const container = await world.filled(1);
  await world.fault({ operation: "patch", action: "status", status: 403, substatus: 5300 });
  const patch = [{ op: "set", path: "/n", value: 2 }];
  await refused(403, container.item("000", "k0").patch(patch), 5300);
  assert.equal((await container.item("000", "k0").read()).resource.n, 0);
});

feature("faults: 449 reaches the client, which may send it again", async (world) => {
  const container = await world.filled(1);
  const body = { id: "000", pk: "k0", n: 1 };
  await world.fault({ operation: "replace", action: "status", status: 449 });
  await refused(449, container.item("000", "k0").replace(body));
  assert.equal((await container.item("000", "k0").replace(body)).statusCode, 200);
});

feature("faults: unavailable is 503", async (world) => {
  const container = await world.filled(1);
  await world.fault({ operation: "replace", action: "status", status: 503, count: 50 });
  await refused(503, container.item("000", "k0").replace({ id: "000", pk: "k0", n: 1 }));
  await world.noFaults();
  assert.equal((await container.item("000", "k0").read()).resource.n, 0);
});

feature("faults: a connection cut before a write leaves nothing behind", async (world) => {
  const container = await world.filled(1);
  await world.fault({ operation: "create", action: "drop-before", count: 50 });
  await assert.rejects(container.items.create({ id: "1", pk: "k0" }));
  await world.noFaults();
  assert.equal((await container.item("1", "k0").read()).statusCode, 404);
});

feature("faults: a connection cut after a write leaves it done", async (world) => {
  const container = await world.filled(1);
  await world.fault({ operation: "create", action: "drop-after" });
  await assert.rejects(container.items.create({ id: "1", pk: "k0" }));
  await world.noFaults();
  assert.equal((await container.item("1", "k0").read()).statusCode, 200);
});

feature("faults: a delayed answer comes late, and right", async (world) => {
  const container = await world.filled(1);
  await world.fault({ operation: "read", action: "delay", delayMs: 150 });
  const started = performance.now();
  assert.equal((await container.item("000", "k0").read()).resource.n, 0);
  assert.ok(145 <= performance.now() - started);
});

feature("sessions: a client reads its own writes across splits", async (world) => {
  const container = await world.filled(6, 6);
  const other = world.elsewhere(container);
  await other.items.create({ id: "new", pk: "k1" });
  await world.split(container);
  assert.equal((await other.item("new", "k1").read()).statusCode, 200);
  await other.items.create({ id: "newer", pk: "k2" });
  assert.equal((await other.item("newer", "k2").read()).statusCode, 200);
  assert.equal((await other.item("001", "k1").read()).resource.n, 1);
});
