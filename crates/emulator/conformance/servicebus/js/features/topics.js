"use strict";
/** Topics, subscriptions and their filters, forwarding and duplicate detection. */

const assert = require("node:assert/strict");
const { DEAD, DELETE, advance, ahead, bodies, bus, drain, one, receiving, rest, send, using } = require("../bus.js");
const { clockFeature, feature } = require("../runner.js");

const numbers = (count) => Array.from({ length: count }, (_, n) => n);

feature("topic: every subscription gets a copy of its own", async () => {
  await send("fan-out", { body: "x", messageId: "f-1", applicationProperties: { k: "v" } });
  await receiving("fan-out/one", {}, async (from) => {
    const message = await one(from);
    assert.deepEqual([message.body, message.messageId, message.applicationProperties.k], ["x", "f-1", "v"]);
    await from.completeMessage(message);
  });
  for (const name of ["two", "three"]) assert.deepEqual(bodies(await drain(`fan-out/${name}`)), ["x"], name);
});

feature("topic: a batch arrives in order", async () => {
  await using(bus.createSender("topic-batch"), async (sender) => {
    const batch = await sender.createMessageBatch();
    for (const body of numbers(10)) assert.ok(batch.tryAddMessage({ body }));
    await sender.sendMessages(batch);
  });
  assert.deepEqual(bodies(await drain("topic-batch/all")), numbers(10));
});

feature("topic: each subscription has its own dead letters", async () => {
  await send("topic-dead", { body: "bad" });
  await receiving("topic-dead/all", {}, async (from) =>
    from.deadLetterMessage(await one(from), { deadLetterReason: "why" }));
  const [dead] = await drain("topic-dead/all", DEAD);
  assert.deepEqual([dead.body, dead.deadLetterReason], ["bad", "why"]);
  assert.deepEqual(await drain("topic-dead/other", DEAD), []);
  assert.deepEqual(bodies(await drain("topic-dead/other")), ["bad"]);
});

feature("topic: sessions and duplicate detection hold for a subscription", async () => {
  for (const n of [1, 1, 2]) await send("topic-sessions", { body: n, messageId: `o.${n}`, sessionId: "o" });
  await using(bus.acceptSession("topic-sessions", "all", "o", { ...DELETE }), async (from) =>
    assert.deepEqual(bodies(await rest(from)), [1, 2]));
});

clockFeature("topic: a scheduled message comes to its subscriptions when it is due", async () => {
  await send("topic-schedule", { body: "later", scheduledEnqueueTimeUtc: await ahead(20) });
  assert.deepEqual(await drain("topic-schedule/all"), []);
  await advance(21);
  assert.deepEqual(bodies(await drain("topic-schedule/all")), ["later"]);
});

feature("filters: sql, correlation, true, false, and several rules on one subscription", async () => {
  const order = { subject: "order", contentType: "text/plain" };
  await send(
    "filters",
    { body: "all", ...order, applicationProperties: { color: "red", quantity: 4 } },
    { body: "green", ...order, applicationProperties: { color: "green", quantity: 4 } },
    { body: "few", ...order, applicationProperties: { color: "blue", quantity: 3 } },
    { body: "plain", contentType: "text/plain" },
  );
  const found = {};
  for (const name of ["sql", "correlation", "true", "false", "either"]) found[name] = await drain(`filters/${name}`);
  const expected = {
    sql: ["all"], correlation: ["all"], true: ["all", "green", "few", "plain"], false: [], either: ["all", "plain"],
  };
  assert.deepEqual(Object.fromEntries(Object.entries(found).map(([name, list]) => [name, bodies(list)])), expected);
  assert.deepEqual({ ...found.sql[0].applicationProperties }, { seen: "yes", quantity: 5, RuleName: "sql" });
});

feature("forward: from queue to queue to queue", async () => {
  await send("forward-first", { body: "x", messageId: "f-1" });
  const [found] = await drain("forward-last");
  assert.deepEqual([found.body, found.messageId], ["x", "f-1"]);
});

feature("forward: from a subscription to a queue", async () => {
  await send("topic-forward", { body: "x" });
  assert.deepEqual(bodies(await drain("forward-from-topic")), ["x"]);
});

feature("forward: dead letters, with their reason and where they come from", async () => {
  await send("forward-dead", { body: "bad" });
  await receiving("forward-dead", {}, async (from) =>
    from.deadLetterMessage(await one(from), { deadLetterReason: "why" }));
  const [dead] = await drain("forward-morgue");
  assert.deepEqual([dead.body, dead.deadLetterReason, dead.deadLetterSource], ["bad", "why", "forward-dead"]);
});

clockFeature("duplicates: a repeated id is dropped, inside a batch too, until the window is over", async () => {
  await send("duplicates", ["d-1", "d-2", "d-1"].map((id) => ({ body: id, messageId: id })));
  await send("duplicates", { body: "again", messageId: "d-2" });
  assert.deepEqual(bodies(await drain("duplicates")), ["d-1", "d-2"]);
  await advance(21);
  await send("duplicates", { body: "new", messageId: "d-2" });
  assert.deepEqual(bodies(await drain("duplicates")), ["new"]);
});
