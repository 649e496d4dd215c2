"use strict";
/** Both receive modes, waiting, iterators, handlers, competing and closing receivers. */

const assert = require("node:assert/strict");
const {
  DELETE, bodies, bus, drain, impatiently, nothing, one, receiver, receiving, refused, send, sleep,
  take, using,
} = require("../bus.js");
const { feature } = require("../runner.js");

const numbers = (count) => Array.from({ length: count }, (_, n) => n);

feature("receive: an empty queue gives an empty list when the wait is over", () =>
  receiving("receive-empty", {}, async (from) => {
    const started = performance.now();
    assert.deepEqual(await from.receiveMessages(5, { maxWaitTimeInMs: 1000 }), []);
    const took = performance.now() - started;
    assert.ok(900 < took && took < 10_000, `the wait took ${took} ms`);
  }));

feature("receive: no more messages come than were asked for", async () => {
  await send("schedule-past", numbers(6).map((body) => ({ body })));
  await receiving("schedule-past", DELETE, async (from) => {
    assert.deepEqual(bodies(await take(from, 4)), [0, 1, 2, 3]);
    assert.deepEqual(bodies(await take(from, 2)), [4, 5]);
    await nothing(from);
  });
});

feature("receive: receive-and-delete leaves nothing and settles nothing", async () => {
  await send("receive-delete", { body: "gone" });
  await receiving("receive-delete", DELETE, async (from) => {
    const message = await one(from);
    assert.equal(message.lockedUntilUtc, undefined);
    await refused(from.completeMessage(message), "Error", "receiveAndDelete");
  });
  await receiving("receive-delete", {}, async (from) => {
    await nothing(from);
    assert.deepEqual(await from.peekMessages(5), []);
  });
});

feature("receive: a message that is sent meanwhile ends the wait", () =>
  receiving("receive-waiting", DELETE, async (from) => {
    const started = performance.now();
    const waiting = from.receiveMessages(1, { maxWaitTimeInMs: 30_000 });
    await sleep(300);
    await send("receive-waiting", { body: "late" });
    assert.deepEqual(bodies(await waiting), ["late"]);
    assert.ok(performance.now() - started < 20_000, "the wait went on");
  }));

feature("receive: competing receivers share the messages, each to one", async () => {
  await send("receive-competing", ...numbers(8).map((body) => ({ body })));
  const found = [];
  await receiving("receive-competing", {}, (first) =>
    receiving("receive-competing", {}, async (second) => {
      for (const from of [first, second, first, second, first, second, first, second]) {
        const message = await one(from);
        await from.completeMessage(message);
        found.push(message.body);
      }
      await nothing(first);
      await nothing(second);
    }));
  assert.deepEqual(found.sort(), numbers(8));
});

feature("receive: an iterator gives all in order", async () => {
  await send("receive-iterator", ...numbers(5).map((body) => ({ body })));
  const found = [];
  await receiving("receive-iterator", {}, async (from) => {
    for await (const message of from.getMessageIterator()) {
      found.push(message.body);
      await from.completeMessage(message);
      if (found.length === 5) break;
    }
  });
  assert.deepEqual(found, numbers(5));
  assert.deepEqual(await drain("receive-iterator"), []);
});

feature("receive: a handler is given every message, and those it finishes are completed", async () => {
  await send("receive-subscribe", numbers(10).map((body) => ({ body })));
  const found = [];
  const errors = [];
  await receiving("receive-subscribe", {}, async (from) => {
    await new Promise((done) => {
      from.subscribe({
        processMessage: async ({ body }) => {
          found.push(body);
          if (found.length === 10) done();
        },
        processError: async ({ error }) => errors.push(error),
      });
    });
    await sleep(300);
  });
  assert.deepEqual([found, errors], [numbers(10), []]);
  assert.deepEqual(await drain("receive-subscribe"), []);
});

feature("receive: a handler that throws abandons its message, which comes again", async () => {
  await send("settle-abandon", { body: "twice" });
  const counts = [];
  const errors = [];
  await receiving("settle-abandon", {}, (from) => new Promise((done) => {
    from.subscribe({
      processMessage: async ({ deliveryCount }) => {
        counts.push(deliveryCount);
        if (counts.length === 1) throw new Error("not yet");
        setTimeout(done, 300);
      },
      processError: async ({ error, errorSource }) => errors.push([error.message, errorSource]),
    });
  }));
  assert.deepEqual(counts, [0, 1]);
  assert.deepEqual(errors, [["not yet", "processMessageCallback"]]);
});

feature("receive: a handler takes several at once if told so", async () => {
  await send("peek-many", numbers(4).map((body) => ({ body })));
  let running = 0;
  let most = 0;
  let left = 4;
  await receiving("peek-many", {}, (from) => new Promise((done) => {
    const processMessage = async () => {
      most = Math.max(most, (running += 1));
      for (let n = 0; most < 4 && n < 100; n += 1) await sleep(50);
      running -= 1;
      if ((left -= 1) === 0) setTimeout(done, 300);
    };
    from.subscribe({ processMessage, processError: async () => {} }, { maxConcurrentCalls: 4 });
  }));
  assert.equal(most, 4);
  assert.deepEqual(await drain("peek-many"), []);
});

feature("receive: closing a receiver keeps its locks", async () => {
  await send("receive-close", { body: "held" });
  await receiving("receive-close", {}, one);
  await receiving("receive-close", {}, async (from) => {
    await nothing(from);
    assert.deepEqual(bodies(await from.peekMessages(1)), ["held"]);
  });
});

feature("receive: a receiver closed while it waits loses no message", async () => {
  const from = receiver("receive-closing");
  // The SDK keeps to the wait that it was given, closed or not.
  const waiting = from.receiveMessages(1, { maxWaitTimeInMs: 2000 }).catch((error) => [error]);
  await sleep(300);
  await from.close();
  await waiting;
  await send("receive-closing", { body: "kept" });
  assert.deepEqual(bodies(await drain("receive-closing")), ["kept"]);
});

feature("receive: 2,000 messages come in order, every one once", async () => {
  await using(bus.createSender("receive-many"), async (sender) => {
    for (let start = 0; start < 2000; start += 100) {
      await sender.sendMessages(numbers(100).map((n) => ({ body: start + n })));
    }
  });
  const found = await receiving("receive-many", DELETE, async (from) => take(from, 2000));
  assert.deepEqual(bodies(found), numbers(2000));
  assert.deepEqual(await drain("receive-many"), []);
});

feature("receive: an unknown queue or subscription is not found", () =>
  impatiently(async (client) => {
    for (const names of [["no-such-queue"], ["fan-out", "no-such"]]) {
      const from = client.createReceiver(...names);
      await refused(from.receiveMessages(1, { maxWaitTimeInMs: 1000 }), "MessagingEntityNotFound");
    }
  }));

feature("receive: a name counts the same in either case", async () => {
  await send("CLIENTS", { body: "same" });
  assert.deepEqual(bodies(await drain("Clients")), ["same"]);
});
