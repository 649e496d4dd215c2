"use strict";
/** Single sends, lists, batches and their limits. */

const assert = require("node:assert/strict");
const { bodies, bus, drain, impatiently, one, receiving, refused, send, using } = require("../bus.js");
const { feature } = require("../runner.js");

const STANDARD_MESSAGE_MAX = 262_144;
const numbers = (count) => Array.from({ length: count }, (_, n) => n);

feature("send: one message arrives, delivered for the first time", async () => {
  await send("send-one", { body: "hello", messageId: "send-one-1" });
  await receiving("send-one", {}, async (receiver) => {
    const message = await one(receiver);
    assert.deepEqual([message.body, message.messageId, message.deliveryCount], ["hello", "send-one-1", 0]);
    await receiver.completeMessage(message);
  });
});

feature("send: a list arrives in order, each message with its own number", async () => {
  await send("send-list", numbers(20).map((body) => ({ body })));
  const found = await drain("send-list");
  assert.deepEqual(bodies(found), numbers(20));
  const first = found[0].sequenceNumber.toNumber();
  assert.deepEqual(found.map((it) => it.sequenceNumber.toNumber()), numbers(20).map((n) => first + n));
});

feature("send: a batch takes messages until it is full, and arrives whole", async () => {
  let count = 0;
  await using(bus.createSender("send-batch"), async (sender) => {
    const batch = await sender.createMessageBatch();
    assert.equal(batch.maxSizeInBytes, STANDARD_MESSAGE_MAX);
    while (batch.tryAddMessage({ body: Buffer.alloc(1000), messageId: String(count) })) count += 1;
    assert.equal(batch.count, count);
    assert.ok(200 < count && count < 262, `${count} messages of 1,000 bytes fit`);
    await sender.sendMessages(batch);
  });
  const found = await drain("send-batch");
  assert.deepEqual(found.map((it) => it.messageId), numbers(count).map(String));
});

feature("send: a batch keeps to a smaller limit of one's own, and to no larger one", async () => {
  await using(bus.createSender("send-small-batch"), async (sender) => {
    const batch = await sender.createMessageBatch({ maxSizeInBytes: 1000 });
    assert.equal(batch.tryAddMessage({ body: Buffer.alloc(500) }), true);
    assert.equal(batch.tryAddMessage({ body: Buffer.alloc(500) }), false);
    await sender.sendMessages(batch);
    const larger = sender.createMessageBatch({ maxSizeInBytes: STANDARD_MESSAGE_MAX + 1 });
    await assert.rejects(larger, /Max message size/i);
  });
  assert.equal((await drain("send-small-batch")).length, 1);
});

feature("send: a message over the limit is refused, and the sender goes on", async () => {
  await using(bus.createSender("send-oversize"), async (sender) => {
    await refused(sender.sendMessages({ body: Buffer.alloc(STANDARD_MESSAGE_MAX + 1) }), "MessageSizeExceeded");
    await sender.sendMessages({ body: "after" });
  });
  assert.deepEqual(bodies(await drain("send-oversize")), ["after"]);
});

feature("send: a message of many frames arrives byte for byte", async () => {
  const body = Buffer.from(numbers(256_000).map((n) => n % 256));
  await send("send-large", { body });
  const [found] = await drain("send-large", { skipParsingBodyAsJson: true });
  assert.ok(body.equals(found.body));
});

feature("send: an empty body arrives empty", async () => {
  await send("send-empty", { body: Buffer.alloc(0) });
  const [found] = await drain("send-empty", { skipParsingBodyAsJson: true });
  assert.equal(found.body.length, 0);
});

feature("send: messages without an id get one each", async () => {
  await send("send-without-id", { body: "a" }, { body: "b" });
  const ids = (await drain("send-without-id")).map((it) => it.messageId);
  assert.ok(ids[0] && ids[1] && ids[0] !== ids[1], String(ids));
});

feature("send: several senders of one client and of another feed one queue", async () => {
  await impatiently(async (other) => {
    const senders = [bus, bus, other].map((client) => client.createSender("send-senders"));
    for (const n of numbers(9)) await senders[n % 3].sendMessages({ body: n });
    for (const sender of senders) await sender.close();
  });
  assert.deepEqual(bodies(await drain("send-senders")), numbers(9));
});

feature("send: numbers and enqueued times grow", async () => {
  await send("send-sequence", { body: "a" }, { body: "b" });
  const [first, second] = await drain("send-sequence");
  assert.equal(second.sequenceNumber.toNumber(), first.sequenceNumber.toNumber() + 1);
  assert.equal(second.enqueuedSequenceNumber, second.sequenceNumber.toNumber());
  assert.ok(first.enqueuedTimeUtc <= second.enqueuedTimeUtc);
});

feature("send: many sends at once on one sender all arrive", async () => {
  await using(bus.createSender("receive-count"), (sender) =>
    Promise.all(numbers(100).map((body) => sender.sendMessages({ body }))));
  const found = bodies(await drain("receive-count"));
  assert.deepEqual(found.sort((a, b) => a - b), numbers(100));
});

feature("send: an unknown queue is not found", () =>
  impatiently((client) =>
    refused(client.createSender("no-such-queue").sendMessages({ body: "lost" }), "MessagingEntityNotFound")));

feature("send: a session queue takes no message without a session", () =>
  impatiently(async (client) => {
    const sent = client.createSender("sessions").sendMessages({ body: "homeless" });
    await refused(sent, "GeneralError", "SessionId");
  }));

feature("send: an id of more than 128 characters is refused", () =>
  impatiently(async (client) => {
    const sender = client.createSender("send-one");
    await assert.rejects(sender.sendMessages({ body: "x", messageId: "x".repeat(129) }), /128/);
  }));
