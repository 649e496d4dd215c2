"use strict";
/** Time to live: what happens to messages whose time is over. */

const assert = require("node:assert/strict");
const { DEAD, UNRENEWED, advance, bodies, drain, nothing, one, receiving, send } = require("../bus.js");
const { clockFeature } = require("../runner.js");

clockFeature("expiry: a message whose time is over is gone", async () => {
  await send("expire", { body: "short", timeToLive: 5000 }, { body: "long" });
  await advance(6);
  assert.deepEqual(bodies(await drain("expire")), ["long"]);
  assert.deepEqual(await drain("expire", DEAD), []);
});

clockFeature("expiry: of the message's and the queue's time the shorter counts", async () => {
  await send("expire-shorter", { body: "hour", timeToLive: 3_600_000 }, { body: "two", timeToLive: 2000 });
  await advance(3);
  await receiving("expire-shorter", {}, async (from) => {
    assert.deepEqual(bodies(await from.peekMessages(10)), ["hour"]);
    await advance(3);
    await nothing(from);
  });
});

clockFeature("expiry: a queue may keep what expired as dead letters", async () => {
  await send("expire-dead", { body: "late", messageId: "e-1" });
  await advance(6);
  const [dead] = await drain("expire-dead", DEAD);
  assert.deepEqual([dead.body, dead.messageId, dead.deadLetterReason], ["late", "e-1", "TTLExpiredException"]);
});

clockFeature("expiry: so may a subscription, by its topic's time", async () => {
  await send("topic-expire", { body: "late" });
  await advance(6);
  const [dead] = await drain("topic-expire/dead", DEAD);
  assert.deepEqual([dead.body, dead.deadLetterReason], ["late", "TTLExpiredException"]);
});

clockFeature("expiry: a locked message may still be completed", async () => {
  await send("expire-locked", { body: "x", timeToLive: 5000 });
  await receiving("expire-locked", UNRENEWED, async (from) => {
    const message = await one(from);
    await advance(6);
    await from.completeMessage(message);
    await nothing(from);
  });
});
