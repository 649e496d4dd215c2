"use strict";
/** Shorthand over the client, and what the control port does to the emulator. */

const assert = require("node:assert/strict");
const { ServiceBusClient } = require("@azure/service-bus");

const CONNECTION = process.env.SERVICEBUS_CONNECTION;
const CONTROL = process.env.CONTROL?.replace(/\/$/, "");
if (!CONNECTION || !CONTROL) throw new Error("SERVICEBUS_CONNECTION and CONTROL are needed");

/** Between two tries of the SDK: short, since nothing here is far away. */
const QUICK = { retryOptions: { retryDelayInMs: 50, maxRetryDelayInMs: 200, timeoutInMs: 30_000 } };
const IMPATIENT = { retryOptions: { maxRetries: 0, timeoutInMs: 10_000 } };
const DELETE = { receiveMode: "receiveAndDelete" };
const DEAD = { subQueueType: "deadLetter" };
/** Locks are not prolonged behind the feature's back. */
const UNRENEWED = { maxAutoLockRenewalDurationInMs: 0 };
/** Long enough for a message that is there, and short enough to wait for one that is not. */
const PRESENT_MS = 10_000;
const ABSENT_MS = 300;

const client = (options, connection = CONNECTION) => new ServiceBusClient(connection, options);

/** The client of all features that need none of their own. */
const bus = client(QUICK);

/** Runs `use` with a client that reports the first failure. */
const impatiently = (use, connection) => using(client(IMPATIENT, connection), use);

/** Runs `use` with a sender or receiver, and closes it. */
async function using(closable, use) {
  const opened = await closable;
  try {
    return await use(opened);
  } finally {
    await opened.close();
  }
}

/** Sends each message by itself to a queue or topic. */
const send = (entity, ...messages) =>
  using(bus.createSender(entity), async (sender) => {
    for (const message of messages) await sender.sendMessages(message);
  });

/**
 * A receiver of a queue, or of a subscription as `topic/subscription`. The SDK deletes the receive
 * mode from the options that it is given, so each call gets a copy.
 */
const receiver = (entity, options = {}) => bus.createReceiver(...entity.split("/"), { ...options });

/** Runs `use` with a receiver. */
const receiving = (entity, options, use) => using(receiver(entity, options), use);

/** `count` messages, in however many pages they come. */
async function take(from, count) {
  const found = [];
  while (found.length < count) {
    const page = await from.receiveMessages(count - found.length, { maxWaitTimeInMs: PRESENT_MS });
    assert.ok(page.length, `${found.length} messages came, not ${count}`);
    found.push(...page);
  }
  return found;
}

const one = async (from) => (await take(from, 1))[0];

/** There is no message to be had. */
async function nothing(from) {
  const found = await from.receiveMessages(1, { maxWaitTimeInMs: ABSENT_MS });
  assert.deepEqual(bodies(found), []);
}

/** Everything that a receiver can have now. */
async function rest(from) {
  const found = [];
  for (;;) {
    const page = await from.receiveMessages(100, { maxWaitTimeInMs: ABSENT_MS });
    if (page.length === 0) return found;
    found.push(...page);
  }
}

/** Everything in a queue or subscription, taken away. */
const drain = (entity, options = {}) => receiving(entity, { ...DELETE, ...options }, rest);

const bodies = (messages) => messages.map((message) => message.body);

/** What a promise was rejected with; `code` must be its code, and `words` in its message. */
async function refused(promise, code, words = "") {
  const error = await Promise.resolve(promise).then(
    () => assert.fail(`it was not refused, with ${code}`),
    (caught) => caught,
  );
  assert.equal(error.code ?? error.name, code, String(error.stack));
  assert.ok(String(error.message).toLowerCase().includes(words.toLowerCase()), error.message);
  return error;
}

async function control(path, method, body) {
  const headers = { "content-type": "application/json" };
  const init = { method, headers, body: body && JSON.stringify(body) };
  const answer = await fetch(CONTROL + path, init);
  assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
  return answer.json();
}

/** Moves the emulator's clock forward. */
const advance = (seconds) => control("/clock/advance", "POST", { seconds });

/** What the emulator's clock says. */
const emulatorNow = async () => new Date((await control("/state", "GET")).now);

/** `seconds` from now on the emulator's clock. */
const ahead = async (seconds) => new Date((await emulatorNow()).getTime() + seconds * 1000);

/** Sets a fault for the next frames of an entity. */
const fault = (entity, action, more = {}) =>
  control("/faults", "POST", { target: "servicebus", entity, action, operation: "transfer", count: 1, ...more });

/** How often the faults of an entity have still to happen. */
async function faultsLeft(entity) {
  const { faults } = await control("/faults", "GET");
  return faults.filter((rule) => rule.entity === entity).reduce((sum, rule) => sum + rule.count, 0);
}

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** Waits until `holds`. */
async function until(holds) {
  for (let n = 0; !holds(); n += 1) {
    assert.ok(n < PRESENT_MS / 20, "it never came to hold");
    await sleep(20);
  }
}

module.exports = {
  ABSENT_MS, CONNECTION, DEAD, DELETE, PRESENT_MS, UNRENEWED, advance, ahead, bodies, bus, client,
  drain, emulatorNow, fault, faultsLeft, impatiently, nothing, one, receiver, receiving, refused, rest,
  send, sleep, take, until, using,
};
