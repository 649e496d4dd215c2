"use strict";
/** Complete, abandon and dead-letter, and how often a message comes. */

const assert = require("node:assert/strict");
const { DEAD, bodies, drain, nothing, one, receiving, send, take } = require("../bus.js");
const { feature } = require("../runner.js");

const numbers = (count) => Array.from({ length: count }, (_, n) => n);

feature("settle: a completed message is gone", async () => {
  await send("settle-complete", { body: "done" });
  await receiving("settle-complete", {}, async (from) => {
    await from.completeMessage(await one(from));
    await nothing(from);
    assert.deepEqual(await from.peekMessages(1), []);
  });
});

feature("settle: a message is settled once", async () => {
  await send("settle-twice", { body: "once" });
  await receiving("settle-twice", {}, async (from) => {
    const message = await one(from);
    await from.completeMessage(message);
    await assert.rejects(from.completeMessage(message), /already|settled/i);
  });
});

feature("settle: messages are completed in any order", async () => {
  await send("settle-out-of-order", ...numbers(5).map((body) => ({ body })));
  await receiving("settle-out-of-order", {}, async (from) => {
    const found = await take(from, 5);
    for (const index of [3, 0, 4]) await from.completeMessage(found[index]);
    for (const index of [2, 1]) await from.abandonMessage(found[index]);
  });
  assert.deepEqual(bodies(await drain("settle-out-of-order")), [1, 2]);
});

feature("settle: an abandoned message comes again, counted and with the changed properties", async () => {
  await send("settle-modify", { body: "again", applicationProperties: { kept: "yes", tries: 0 } });
  await receiving("settle-modify", {}, async (from) => {
    for (const tries of [0, 1, 2]) {
      const message = await one(from);
      assert.equal(message.deliveryCount, tries);
      assert.deepEqual({ ...message.applicationProperties }, { kept: "yes", tries });
      await from.abandonMessage(message, { tries: tries + 1 });
    }
    await from.completeMessage(await one(from));
  });
});

feature("settle: max delivery count sends a message to the dead letters", async () => {
  await send("poison", { body: "bad", messageId: "p-1", applicationProperties: { kept: "yes" } });
  await receiving("poison", {}, async (from) => {
    for (const count of [0, 1, 2]) {
      const message = await one(from);
      assert.equal(message.deliveryCount, count);
      await from.abandonMessage(message);
    }
    await nothing(from);
  });
  const [dead] = await drain("poison", DEAD);
  assert.deepEqual([dead.messageId, dead.deadLetterReason], ["p-1", "MaxDeliveryCountExceeded"]);
  assert.equal(dead.applicationProperties.kept, "yes");
});

feature("settle: a dead letter carries reason, description and further properties", async () => {
  await send("settle-dead-letter", { body: "bad", messageId: "d-1", subject: "s" });
  const number = await receiving("settle-dead-letter", {}, async (from) => {
    const message = await one(from);
    const why = { deadLetterReason: "why", deadLetterErrorDescription: "because", extra: 5 };
    await from.deadLetterMessage(message, why);
    await nothing(from);
    return message.sequenceNumber;
  });
  const [dead] = await drain("settle-dead-letter", DEAD);
  assert.deepEqual([dead.deadLetterReason, dead.deadLetterErrorDescription], ["why", "because"]);
  assert.deepEqual([dead.body, dead.messageId, dead.subject], ["bad", "d-1", "s"]);
  assert.equal(dead.applicationProperties.extra, 5);
  assert.ok(dead.sequenceNumber.equals(number));
});

feature("settle: a dead letter may go without a reason", async () => {
  await send("settle-dead-letter-bare", { body: "bad" });
  await receiving("settle-dead-letter-bare", {}, async (from) => from.deadLetterMessage(await one(from)));
  assert.deepEqual(bodies(await drain("settle-dead-letter-bare", DEAD)), ["bad"]);
});

feature("dead letters: are locked, renewed and completed like other messages", async () => {
  await send("dead-letter-complete", { body: "bad" });
  await receiving("dead-letter-complete", {}, async (from) => from.deadLetterMessage(await one(from)));
  await receiving("dead-letter-complete", DEAD, async (dead) => {
    assert.deepEqual(bodies(await dead.peekMessages(1)), ["bad"]);
    const message = await one(dead);
    await nothing(dead);
    await dead.renewMessageLock(message);
    await dead.completeMessage(message);
    assert.deepEqual(await dead.peekMessages(1), []);
  });
});

feature("dead letters: may be abandoned any number of times", async () => {
  await send("dead-letter-abandon", { body: "bad" });
  await receiving("dead-letter-abandon", {}, async (from) => from.deadLetterMessage(await one(from)));
  await receiving("dead-letter-abandon", DEAD, async (dead) => {
    for (let n = 0; n < 15; n += 1) await dead.abandonMessage(await one(dead));
    await dead.completeMessage(await one(dead));
  });
});
