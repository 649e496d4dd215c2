"use strict";
/** Sessions: who holds one, what it remembers, and what the loss of its lock does. */

const assert = require("node:assert/strict");
const {
  DEAD, DELETE, UNRENEWED, advance, bodies, bus, drain, emulatorNow, impatiently, nothing, one, refused,
  rest, send, sleep, take, until, using,
} = require("../bus.js");
const { clockFeature, feature } = require("../runner.js");

const numbers = (count) => Array.from({ length: count }, (_, n) => n);
const inSession = (queue, id, options, use) => using(bus.acceptSession(queue, id, { ...options }), use);
const inNext = (queue, options, use) => using(bus.acceptNextSession(queue, { ...options }), use);

feature("sessions: a receiver gets its own session's messages, in order", async () => {
  for (const n of numbers(4)) {
    await send("sessions", { body: `a${n}`, sessionId: "own-a" }, { body: `b${n}`, sessionId: "own-b" });
  }
  for (const name of ["a", "b"]) {
    await inSession("sessions", `own-${name}`, DELETE, async (from) => {
      assert.equal(from.sessionId, `own-${name}`);
      assert.deepEqual(bodies(await rest(from)), numbers(4).map((n) => name + n));
    });
  }
});

feature("sessions: messages are completed, abandoned and dead-lettered in one", async () => {
  const words = ["done", "bad", "again"];
  await send("sessions-settled", ...words.map((body) => ({ body, sessionId: "settled" })));
  await inSession("sessions-settled", "settled", {}, async (from) => {
    const [done, bad, again] = await take(from, 3);
    await from.completeMessage(done);
    await from.deadLetterMessage(bad, { deadLetterReason: "why" });
    await from.abandonMessage(again);
    const message = await one(from);
    assert.deepEqual([message.body, message.deliveryCount], ["again", 1]);
    await from.completeMessage(message);
    await nothing(from);
  });
  const [dead] = await drain("sessions-settled", DEAD);
  assert.deepEqual([dead.sessionId, dead.deadLetterReason], ["settled", "why"]);
});

feature("sessions: the next available one is a session with messages", async () => {
  await send("sessions-next", { body: "x", sessionId: "next-1" });
  await inNext("sessions-next", DELETE, async (from) => {
    assert.equal(from.sessionId, "next-1");
    assert.deepEqual(bodies(await rest(from)), ["x"]);
  });
});

feature("sessions: with none available the wait ends in a timeout", () =>
  impatiently(async (client) => {
    await refused(client.acceptNextSession("sessions-none"), "ServiceTimeout");
  }));

feature("sessions: the wait for the next ends with the first message of one", async () => {
  const waiting = bus.acceptNextSession("sessions-wait", { ...DELETE });
  await sleep(500);
  await send("sessions-wait", { body: "x", sessionId: "late" });
  await using(waiting, async (from) => {
    assert.equal(from.sessionId, "late");
    assert.deepEqual(bodies(await rest(from)), ["x"]);
  });
});

feature("sessions: one that is held elsewhere cannot be locked, and is free once closed", async () => {
  await send("sessions", { body: "x", sessionId: "held" });
  await inSession("sessions", "held", {}, () =>
    impatiently((client) => refused(client.acceptSession("sessions", "held"), "SessionCannotBeLocked")));
  await inSession("sessions", "held", DELETE, async (from) => assert.deepEqual(bodies(await rest(from)), ["x"]));
});

feature("sessions: next available passes over those that are held", async () => {
  for (const id of ["over-a", "over-b"]) await send("sessions-over", { body: id, sessionId: id });
  const found = [];
  await inNext("sessions-over", DELETE, (first) =>
    inNext("sessions-over", DELETE, async (second) => {
      for (const from of [first, second]) {
        const message = await one(from);
        assert.equal(message.body, from.sessionId);
        found.push(message.body);
      }
    }));
  assert.deepEqual(found.sort(), ["over-a", "over-b"]);
});

feature("sessions: state is none at first, survives a new receiver, and is cleared", async () => {
  const state = { step: 5, words: ["a"] };
  await inSession("sessions", "state", {}, async (from) => {
    assert.ok((await from.getSessionState()) == null);
    await from.setSessionState(state);
    assert.deepEqual(await from.getSessionState(), state);
  });
  await inSession("sessions", "state", {}, async (from) => {
    assert.deepEqual(await from.getSessionState(), state);
    await from.setSessionState(null);
    assert.ok((await from.getSessionState()) == null);
  });
});

clockFeature("sessions: renewing a lock puts its end off", () =>
  inSession("sessions-short", "renewed", UNRENEWED, async (from) => {
    const left = from.sessionLockedUntilUtc - (await emulatorNow());
    assert.ok(2000 < left && left <= 5000, `${left} ms of 5 seconds are left`);
    const before = +from.sessionLockedUntilUtc;
    let renewed;
    for (let n = 0; n < 3; n += 1) {
      await advance(3);
      renewed = await from.renewSessionLock();
    }
    assert.ok(before + 9000 <= +renewed, `the lock ends at ${renewed}`);
  }));

clockFeature("sessions: a lost lock fails what follows, and a new receiver goes on", async () => {
  await send("sessions-short", { body: "x", sessionId: "lost" });
  await inSession("sessions-short", "lost", UNRENEWED, async (from) => {
    const message = await one(from);
    await advance(6);
    await until(() => from.isClosed);
    await refused(from.completeMessage(message), "SessionLockLost");
  });
  await inSession("sessions-short", "lost", UNRENEWED, async (from) => {
    const message = await one(from);
    assert.equal(message.deliveryCount, 1);
    await from.completeMessage(message);
    await nothing(from);
  });
});

feature("sessions: peek shows one session's messages", async () => {
  await send("sessions", { body: "mine", sessionId: "peek-a" }, { body: "other", sessionId: "peek-b" });
  await inSession("sessions", "peek-a", DELETE, async (from) => {
    assert.deepEqual(bodies(await from.peekMessages(10)), ["mine"]);
    await rest(from);
  });
  await inSession("sessions", "peek-b", DELETE, rest);
});

feature("sessions: a deferred message is had by number in its session", async () => {
  await send("sessions", { body: "later", sessionId: "defer" });
  const number = await inSession("sessions", "defer", {}, async (from) => {
    const message = await one(from);
    await from.deferMessage(message);
    await nothing(from);
    return message.sequenceNumber;
  });
  await inSession("sessions", "defer", {}, async (from) => {
    const [message] = await from.receiveDeferredMessages(number);
    assert.equal(message.body, "later");
    await from.completeMessage(message);
  });
});

feature("sessions: 25 of them are drained by taking the next, each in order", async () => {
  for (const n of numbers(4)) {
    await send("sessions-many", numbers(25).map((id) => ({ body: n, sessionId: `many-${id}` })));
  }
  const found = new Map();
  for (let n = 0; n < 25; n += 1) {
    await inNext("sessions-many", DELETE, async (from) => {
      found.set(from.sessionId, bodies(await take(from, 4)).join());
    });
  }
  assert.deepEqual([found.size, new Set(found.values())], [25, new Set(["0,1,2,3"])]);
});

feature("sessions: a handler is given one session's messages", async () => {
  await send("sessions", ...numbers(3).map((body) => ({ body, sessionId: "handled" })));
  const found = [];
  await inSession("sessions", "handled", {}, (from) => new Promise((done) => {
    from.subscribe({
      processMessage: async ({ body }) => {
        found.push(body);
        if (found.length === 3) setTimeout(done, 300);
      },
      processError: async () => {},
    });
  }));
  assert.deepEqual(found, [0, 1, 2]);
  await inSession("sessions", "handled", {}, nothing);
});

feature("sessions: a receiver without one is refused, and one where there are none", () =>
  impatiently(async (client) => {
    const without = client.createReceiver("sessions").receiveMessages(1, { maxWaitTimeInMs: 1000 });
    await refused(without, "GeneralError", "session");
    // The SDK has one code for every session that it does not get.
    await refused(client.acceptSession("clients", "any"), "SessionCannotBeLocked");
  }));

feature("renewer: keeps a session's lock while it is worked on", async () => {
  await send("sessions-auto-renew", { body: "slow", sessionId: "slow" });
  await inSession("sessions-auto-renew", "slow", {}, async (from) => {
    const before = +from.sessionLockedUntilUtc;
    const message = await one(from);
    await sleep(7000);
    assert.ok(before < +from.sessionLockedUntilUtc, "the lock was not renewed");
    await from.completeMessage(message);
  });
});
