"use strict";
/** The administration client over plain HTTP: it insists on https, which a policy rewrites. */

const assert = require("node:assert/strict");
const { randomUUID } = require("node:crypto");
const { ServiceBusAdministrationClient } = require("@azure/service-bus");

const HOST = process.env.ADMIN?.replace(/^http:\/\//, "").replace(/\/$/, "");
if (!HOST) throw new Error("ADMIN is needed");

/** A client that reports the first failure. */
function administrator(key = "SAS_KEY_VALUE") {
  const connection =
    `Endpoint=sb://${HOST};SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=${key}`;
  const client = new ServiceBusAdministrationClient(connection, { retryOptions: { maxRetries: 0 } });
  client.pipeline.addPolicy({
    name: "withoutTls",
    sendRequest(request, next) {
      request.url = request.url.replace(/^https:/, "http:");
      request.allowInsecureConnection = true;
      return next(request);
    },
  });
  return client;
}

const admin = administrator();

/** A name that nothing has yet. */
const fresh = (kind) => `${kind}-${randomUUID().slice(0, 13)}`;

/** The promise must be rejected with this status and code, and with these words. */
async function answers(promise, statusCode, code, words = "") {
  const error = await promise.then(
    () => assert.fail(`it was not refused, with ${statusCode}`),
    (caught) => caught,
  );
  assert.deepEqual([error.statusCode, error.code], [statusCode, code], String(error.stack));
  assert.ok(error.message.includes(words), error.message);
}

/** Everything that a list gives. */
async function all(list) {
  const found = [];
  for await (const item of list) found.push(item);
  return found;
}

/** A new topic with these subscriptions. */
async function subscribed(...names) {
  const topic = fresh("t");
  await admin.createTopic(topic);
  for (const name of names) await admin.createSubscription(topic, name);
  return topic;
}

module.exports = { admin, administrator, all, answers, fresh, subscribed };
