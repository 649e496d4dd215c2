"use strict";
/** Locks on messages: how long they last, how they are renewed, and what their loss does. */

const assert = require("node:assert/strict");
const { DEAD, UNRENEWED, advance, drain, emulatorNow, nothing, one, receiving, refused, send, sleep } = require("../bus.js");
const { clockFeature, feature } = require("../runner.js");

feature("lock: lasts as long as the queue says", async () => {
  await send("lock-duration", { body: "x" });
  await receiving("lock-duration", UNRENEWED, async (from) => {
    const message = await one(from);
    const left = message.lockedUntilUtc - (await emulatorNow());
    assert.ok(20_000 < left && left <= 30_000, `${left} ms of 30 seconds are left`);
    assert.match(message.lockToken, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i);
    await from.completeMessage(message);
  });
});

clockFeature("lock: renewing it puts its end off", async () => {
  await send("lock-renew", { body: "x" });
  await receiving("lock-renew", UNRENEWED, async (from) => {
    const message = await one(from);
    const before = +message.lockedUntilUtc;
    let renewed;
    for (let n = 0; n < 3; n += 1) {
      await advance(3);
      renewed = await from.renewMessageLock(message);
    }
    assert.ok(before + 9000 <= +renewed, `the lock ends at ${renewed}`);
    await from.completeMessage(message);
    await nothing(from);
  });
});

clockFeature("lock: once over, completing fails and the message comes again", async () => {
  await send("lock-expiry", { body: "x", messageId: "l-1" });
  await receiving("lock-expiry", UNRENEWED, async (from) => {
    const lost = await one(from);
    await advance(6);
    const again = await one(from);
    assert.deepEqual([again.messageId, again.deliveryCount], ["l-1", 1]);
    assert.notEqual(again.lockToken, lost.lockToken);
    await refused(from.completeMessage(lost), "MessageLockLost");
    await from.completeMessage(again);
    await nothing(from);
  });
});

clockFeature("lock: once over, it cannot be renewed", async () => {
  await send("lock-renew-late", { body: "x" });
  await receiving("lock-renew-late", UNRENEWED, async (from) => {
    const message = await one(from);
    await advance(6);
    await refused(from.renewMessageLock(message), "MessageLockLost");
  });
});

clockFeature("lock: outlives its link, then the message comes again", async () => {
  await send("lock-outlives-link", { body: "x" });
  await receiving("lock-outlives-link", UNRENEWED, one);
  await receiving("lock-outlives-link", UNRENEWED, async (from) => {
    await nothing(from);
    await advance(6);
    const message = await one(from);
    assert.equal(message.deliveryCount, 1);
    await from.completeMessage(message);
  });
});

clockFeature("lock: losing it too often sends a message to the dead letters", async () => {
  await send("lock-poison", { body: "x" });
  await receiving("lock-poison", UNRENEWED, async (from) => {
    for (const count of [0, 1]) {
      assert.equal((await one(from)).deliveryCount, count);
      await advance(6);
    }
    await nothing(from);
  });
  const [dead] = await drain("lock-poison", DEAD);
  assert.equal(dead.deadLetterReason, "MaxDeliveryCountExceeded");
});

feature("renewer: keeps a message's lock while it is worked on", async () => {
  await send("lock-auto-renew", { body: "slow" });
  await receiving("lock-auto-renew", {}, async (from) => {
    const message = await one(from);
    const until = +message.lockedUntilUtc;
    // More than the five seconds that a lock of this queue lasts, in real time: the SDK waits so.
    await sleep(7000);
    assert.ok(until < +message.lockedUntilUtc, "the lock was not renewed");
    await from.completeMessage(message);
    assert.deepEqual(await from.peekMessages(1), []);
  });
});
