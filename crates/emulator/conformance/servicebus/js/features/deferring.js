"use strict";
/** Deferral, scheduling and peeking: messages that are there and not to be had. */

const assert = require("node:assert/strict");
const Long = require("long");
const {
  DEAD, DELETE, ahead, advance, bodies, bus, drain, nothing, one, receiving, refused, send, take, using,
} = require("../bus.js");
const { clockFeature, feature } = require("../runner.js");

const numbers = (count) => Array.from({ length: count }, (_, n) => n);
const inAnHour = () => new Date(Date.now() + 3_600_000);

/** Sends one message and defers it; its number. */
async function deferred(queue, message, changes) {
  await send(queue, message);
  return receiving(queue, {}, async (from) => {
    const found = await one(from);
    await from.deferMessage(found, changes);
    return found.sequenceNumber;
  });
}

feature("defer: a deferred message is had by its number only, with the changed properties", async () => {
  const number = await deferred("defer", { body: "later" }, { seen: "yes" });
  await receiving("defer", {}, async (from) => {
    await nothing(from);
    const [message] = await from.receiveDeferredMessages(number);
    assert.deepEqual([message.body, message.state], ["later", "deferred"]);
    assert.equal(message.applicationProperties.seen, "yes");
    await from.completeMessage(message);
    assert.deepEqual(await from.peekMessages(1), []);
  });
});

feature("defer: several are had at once", async () => {
  const found = [];
  for (const body of numbers(3)) found.push(await deferred("defer-many", { body }));
  await receiving("defer-many", DELETE, async (from) => {
    assert.deepEqual(bodies(await from.receiveDeferredMessages(found)), [0, 1, 2]);
  });
  assert.deepEqual(await drain("defer-many"), []);
});

feature("defer: an unknown number is not found", () =>
  receiving("defer-unknown", {}, (from) =>
    refused(from.receiveDeferredMessages(Long.fromNumber(999)), "MessageNotFound")));

feature("defer: a deferred message is abandoned, deferred again and dead-lettered", async () => {
  const number = await deferred("defer-settle", { body: "x" });
  await receiving("defer-settle", {}, async (from) => {
    for (const settle of ["abandonMessage", "deferMessage", "deadLetterMessage"]) {
      const [message] = await from.receiveDeferredMessages(number);
      await from[settle](message);
    }
    await nothing(from);
  });
  assert.deepEqual(bodies(await drain("defer-settle", DEAD)), ["x"]);
});

clockFeature("schedule: a message comes when it is due, and not before", () =>
  using(bus.createSender("schedule"), (sender) =>
    receiving("schedule", DELETE, async (from) => {
      const [number] = await sender.scheduleMessages({ body: "later" }, await ahead(100));
      await nothing(from);
      const [waiting] = await from.peekMessages(1);
      assert.equal(waiting.state, "scheduled");
      assert.ok(waiting.sequenceNumber.equals(number));
      await advance(101);
      const message = await one(from);
      assert.deepEqual([message.body, message.state], ["later", "active"]);
    })));

feature("schedule: a list gets a number each, and all are cancelled", () =>
  using(bus.createSender("schedule-list"), async (sender) => {
    const found = await sender.scheduleMessages(numbers(5).map((body) => ({ body })), inAnHour());
    assert.equal(new Set(found.map(String)).size, 5);
    await sender.cancelScheduledMessages(found);
    await receiving("schedule-list", {}, async (from) => assert.deepEqual(await from.peekMessages(9), []));
  }));

clockFeature("schedule: a cancelled message never comes, and is cancelled once", async () => {
  await using(bus.createSender("schedule-cancel"), async (sender) => {
    const list = [{ body: "never" }, { body: "comes" }];
    const [first] = await sender.scheduleMessages(list, await ahead(20));
    await sender.cancelScheduledMessages(first);
    await refused(sender.cancelScheduledMessages(first), "MessageNotFound");
  });
  await advance(21);
  assert.deepEqual(bodies(await drain("schedule-cancel")), ["comes"]);
});

feature("schedule: the annotation on a plain send does it too", async () => {
  const scheduledEnqueueTimeUtc = inAnHour();
  await send("schedule-annotation", { body: "later", scheduledEnqueueTimeUtc });
  await receiving("schedule-annotation", {}, async (from) => {
    await nothing(from);
    const [waiting] = await from.peekMessages(1);
    assert.equal(waiting.state, "scheduled");
    assert.equal(+waiting.scheduledEnqueueTimeUtc, +scheduledEnqueueTimeUtc);
  });
});

feature("peek: shows messages without locking or counting them, from a number on", async () => {
  await send("peek-from", ...numbers(6).map((body) => ({ body })));
  await receiving("peek-from", {}, async (from) => {
    const first = await from.peekMessages(2);
    assert.deepEqual(bodies(first), [0, 1]);
    assert.deepEqual(bodies(await from.peekMessages(2)), [2, 3]);
    const fromSequenceNumber = first[0].sequenceNumber;
    assert.deepEqual(bodies(await from.peekMessages(10, { fromSequenceNumber })), numbers(6));
    const found = await take(from, 6);
    assert.deepEqual(found.map((it) => it.deliveryCount), [0, 0, 0, 0, 0, 0]);
    for (const message of found) await from.completeMessage(message);
    assert.deepEqual(await from.peekMessages(10, { fromSequenceNumber }), []);
  });
});

feature("peek: tells active, deferred and scheduled messages apart", async () => {
  await deferred("peek-states", { body: "deferred" });
  await send("peek-states", { body: "active" }, { body: "later", scheduledEnqueueTimeUtc: inAnHour() });
  const found = await receiving("peek-states", {}, (from) => from.peekMessages(10));
  assert.deepEqual(found.map((it) => [it.body, it.state]),
    [["deferred", "deferred"], ["active", "active"], ["later", "scheduled"]]);
});

feature("peek: an empty queue shows nothing", () =>
  receiving("peek-empty", {}, async (from) => assert.deepEqual(await from.peekMessages(10), [])));
