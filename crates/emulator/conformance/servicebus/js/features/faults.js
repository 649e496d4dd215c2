"use strict";
/** Faults set on the control port, as the SDK sees them and gets over them. */

const assert = require("node:assert/strict");
const { bodies, client, drain, fault, faultsLeft, impatiently, refused, using } = require("../bus.js");
const { feature } = require("../runner.js");

/** What a fault breaks is this client's alone, and it does not wait long for an answer that is lost. */
const QUICK = { retryOptions: { retryDelayInMs: 50, maxRetryDelayInMs: 200, timeoutInMs: 2000 } };

const separately = (use) => using(client(QUICK), use);

/** A fault that the SDK gets over: every message arrives once. */
const survived = (queue) =>
  separately(async (own) => {
    const sender = own.createSender(queue);
    for (const body of [0, 1, 2]) await sender.sendMessages({ body, messageId: `${queue}-${body}` });
    assert.equal(await faultsLeft(queue), 0);
    assert.deepEqual(bodies(await drain(queue)), [0, 1, 2]);
  });

feature("faults: server-busy is tried again by the SDK", async () => {
  await fault("fault-busy", "server-busy", { count: 2 });
  await survived("fault-busy");
});

feature("faults: server-busy without end is reported as such", async () => {
  await fault("fault-busy-always", "server-busy");
  await impatiently((client) =>
    refused(client.createSender("fault-busy-always").sendMessages({ body: "refused" }), "ServiceBusy"));
});

feature("faults: a rejection of a disabled entity, or by an unknown condition, has its code", async () => {
  for (const [entity, condition, code] of [
    ["fault-disabled", "com.microsoft:entity-disabled", "MessagingEntityDisabled"],
    ["fault-reject", "amqp:resource-limit-exceeded", "QuotaExceeded"],
    ["fault-reject", "com.example:odd", "GeneralError"],
  ]) {
    await fault(entity, "reject", { condition });
    await impatiently((client) => refused(client.createSender(entity).sendMessages({ body: "refused" }), code));
  }
});

feature("faults: a detached sender is attached again, and each message arrives once", async () => {
  await fault("fault-detach", "detach", { condition: "amqp:link:detach-forced" });
  await survived("fault-detach");
});

feature("faults: a closed connection is opened again, and each message arrives once", async () => {
  await fault("fault-close", "close", { condition: "amqp:connection:forced" });
  await survived("fault-close");
});

feature("faults: a lost confirmation is healed by duplicate detection", async () => {
  await fault("fault-drop", "drop-after");
  await survived("fault-drop");
});

feature("faults: a delay delays", async () => {
  await fault("fault-delay", "delay", { delayMs: 1500 });
  const started = performance.now();
  await survived("fault-delay");
  assert.ok(1400 < performance.now() - started);
});

feature("faults: an attach that fails is tried again", async () => {
  await fault("fault-attach", "server-busy", { operation: "attach" });
  await survived("fault-attach");
});

feature("faults: a receiver whose attach fails tries again", async () => {
  await survived("fault-receiver");
  await fault("fault-receiver", "server-busy", { operation: "attach", count: 2 });
  await separately(async (own) => {
    const from = own.createReceiver("fault-receiver");
    assert.deepEqual(await from.receiveMessages(1, { maxWaitTimeInMs: 500 }), []);
  });
  assert.equal(await faultsLeft("fault-receiver"), 0);
});
