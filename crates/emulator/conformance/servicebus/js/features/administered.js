"use strict";
/** What comes of an administrator's change, for those who send and receive. */

const assert = require("node:assert/strict");
const { admin, fresh, subscribed } = require("../admin_client.js");
const { bodies, drain, impatiently, one, receiving, refused, send } = require("../bus.js");
const { feature } = require("../runner.js");

feature("behaviour: what was just made takes and gives messages", async () => {
  const topic = await subscribed("a", "b");
  await send(topic, { body: "x" });
  for (const name of ["a", "b"]) assert.deepEqual(bodies(await drain(`${topic}/${name}`)), ["x"]);
});

feature("behaviour: counts tell what a queue holds", async () => {
  const { name } = await admin.createQueue(fresh("q"));
  const scheduledEnqueueTimeUtc = new Date(Date.now() + 3_600_000);
  await send(name, { body: "a" }, { body: "b" }, { body: "later", scheduledEnqueueTimeUtc });
  await receiving(name, {}, async (from) => from.deadLetterMessage(await one(from)));
  const found = await admin.getQueueRuntimeProperties(name);
  const { activeMessageCount, deadLetterMessageCount, scheduledMessageCount, totalMessageCount } = found;
  assert.deepEqual([activeMessageCount, deadLetterMessageCount, scheduledMessageCount, totalMessageCount], [1, 1, 1, 3]);
  assert.ok(0 < found.sizeInBytes && found.createdAt <= found.accessedAt);
});

feature("behaviour: counts tell what a subscription and a topic hold", async () => {
  const topic = await subscribed("s");
  const scheduledEnqueueTimeUtc = new Date(Date.now() + 3_600_000);
  await send(topic, { body: "a" }, { body: "later", scheduledEnqueueTimeUtc });
  const subscription = await admin.getSubscriptionRuntimeProperties(topic, "s");
  assert.deepEqual([subscription.activeMessageCount, subscription.totalMessageCount], [1, 1]);
  const found = await admin.getTopicRuntimeProperties(topic);
  assert.deepEqual([found.scheduledMessageCount, found.subscriptionCount], [1, 1]);
});

feature("behaviour: a queue that is removed takes nothing, and its handler is told", async () => {
  const { name } = await admin.createQueue(fresh("q"));
  await impatiently(async (client) => {
    const sender = client.createSender(name);
    await sender.sendMessages({ body: "taken" });
    const codes = [];
    let taken;
    const told = new Promise((done) => {
      taken = new Promise((received) => {
        client.createReceiver(name).subscribe({
          processMessage: async () => received(),
          processError: async ({ error }) => {
            codes.push(error.code);
            done();
          },
        });
      });
    });
    await taken;
    await admin.deleteQueue(name);
    await told;
    assert.equal(codes[0], "MessagingEntityNotFound");
    await refused(sender.sendMessages({ body: "lost" }), "MessagingEntityNotFound");
  });
});

feature("behaviour: a disabled queue takes and gives nothing, until it is enabled", async () => {
  const made = await admin.createQueue(fresh("q"));
  await send(made.name, { body: "kept" });
  await admin.updateQueue({ ...made, status: "Disabled" });
  await impatiently(async (client) => {
    await refused(client.createSender(made.name).sendMessages({ body: "refused" }), "MessagingEntityDisabled");
    const from = client.createReceiver(made.name);
    await refused(from.receiveMessages(1, { maxWaitTimeInMs: 1000 }), "MessagingEntityDisabled");
  });
  await admin.updateQueue({ ...made, status: "Active" });
  assert.deepEqual(bodies(await drain(made.name)), ["kept"]);
});

feature("behaviour: forwarding that is set later holds from then on", async () => {
  const made = await admin.createQueue(fresh("q"));
  const onward = await admin.createQueue(fresh("q"));
  await admin.updateQueue({ ...made, forwardTo: onward.name });
  await send(made.name, { body: "goes on" });
  assert.deepEqual(bodies(await drain(onward.name)), ["goes on"]);
});

feature("behaviour: rules that are made hold for what is sent", async () => {
  const topic = await subscribed("s");
  await admin.deleteRule(topic, "s", "$Default");
  await admin.createRule(topic, "s", "five", { applicationProperties: { n: 5 } });
  await send(topic, ...[5, 6].map((n) => ({ body: n, applicationProperties: { n } })));
  assert.deepEqual(bodies(await drain(`${topic}/s`)), [5]);
});

feature("quotas: a full queue refuses, and takes again when there is room", async () => {
  const { name } = await admin.createQueue(fresh("q"), { maxSizeInMegabytes: 1 });
  const message = { body: Buffer.alloc(250_000) };
  await send(name, message, message, message, message);
  await impatiently((client) =>
    refused(client.createSender(name).sendMessages(message), "QuotaExceeded", "1 megabytes"));
  await drain(name, { skipParsingBodyAsJson: true });
  await send(name, message);
  const { sizeInBytes } = await admin.getQueueRuntimeProperties(name);
  assert.ok(250_000 < sizeInBytes && sizeInBytes < 251_000, `${sizeInBytes} bytes`);
});
