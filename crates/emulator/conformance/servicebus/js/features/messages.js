"use strict";
/** What a message carries comes out as it went in. */

const assert = require("node:assert/strict");
const { drain, send } = require("../bus.js");
const { feature } = require("../runner.js");

feature("message: every broker property comes through", async () => {
  const sent = {
    messageId: "id-1", contentType: "application/json", correlationId: "correlation-1",
    subject: "a subject", to: "to-address", replyTo: "reply-address",
    replyToSessionId: "reply-session", sessionId: "partition-1", partitionKey: "partition-1",
    timeToLive: 3_600_000,
  };
  await send("properties", { body: "x", ...sent });
  const [found] = await drain("properties");
  for (const [name, value] of Object.entries(sent)) assert.deepEqual(found[name], value, name);
  assert.equal(found.expiresAtUtc.getTime(), found.enqueuedTimeUtc.getTime() + 3_600_000);
});

feature("message: ids that are numbers or uuid-like stay what they are", async () => {
  await send("annotations", { body: "x", messageId: 7, correlationId: 8 });
  const [found] = await drain("annotations");
  assert.deepEqual([found.messageId, found.correlationId], [7, 8]);
});

feature("message: application properties of every type come through", async () => {
  const sent = {
    text: "words", small: 7, negative: -7, large: 2 ** 31 - 1, fraction: 1.5, yes: true, no: false,
    time: new Date("2026-01-02T03:04:05Z"), nothing: null,
  };
  await send("typed-properties", { body: "x", applicationProperties: sent });
  const [found] = await drain("typed-properties");
  assert.deepEqual({ ...found.applicationProperties, time: +found.applicationProperties.time },
    { ...sent, time: +sent.time });
});

feature("message: text outside ASCII comes through everywhere", async () => {
  const words = "Grüße, 世界 🚌";
  await send("unicode", { body: words, subject: words, applicationProperties: { [words]: words } });
  const [found] = await drain("unicode");
  assert.deepEqual([found.body, found.subject, found.applicationProperties], [words, words, { [words]: words }]);
});

feature("body: an object comes through as JSON", async () => {
  const body = { list: [1, "two", null], nested: { yes: true } };
  await send("body-text", { body });
  const [found] = await drain("body-text");
  assert.deepEqual(found.body, body);
  assert.equal(found._rawAmqpMessage.bodyType, "data");
});

feature("body: bytes come through", async () => {
  await send("body-data", { bodyType: "data", body: Buffer.from([0, 255, 1]) });
  const [found] = await drain("body-data", { skipParsingBodyAsJson: true });
  assert.deepEqual([...found.body], [0, 255, 1]);
});

feature("body: a value of nested kinds comes through", async () => {
  const body = { list: [1, -5, true, 1.5], map: { text: "words" } };
  await send("body-value", { bodyType: "value", body });
  const [found] = await drain("body-value");
  assert.equal(found._rawAmqpMessage.bodyType, "value");
  assert.deepEqual(found.body, body);
});

feature("body: a sequence comes through", async () => {
  await send("body-sequence", { bodyType: "sequence", body: [[1, "two"], [3.5]] });
  const [found] = await drain("body-sequence");
  assert.equal(found._rawAmqpMessage.bodyType, "sequence");
  assert.deepEqual(found.body, [[1, "two"], [3.5]]);
});

feature("message: header, annotations and footer come through", async () => {
  await send("access", {
    bodyType: "data", body: Buffer.from("x"),
    header: { priority: 7, durable: true }, footer: { checksum: "abc" },
    messageAnnotations: { "x-mine": 5, "x-words": "yes" },
    properties: { messageId: "annotated", userId: "me" },
  });
  const [found] = await drain("access", { skipParsingBodyAsJson: true });
  const raw = found._rawAmqpMessage;
  assert.deepEqual([raw.header.priority, raw.header.durable], [7, true]);
  assert.deepEqual([raw.messageAnnotations["x-mine"], raw.messageAnnotations["x-words"]], [5, "yes"]);
  assert.deepEqual({ ...raw.footer }, { checksum: "abc" });
});
