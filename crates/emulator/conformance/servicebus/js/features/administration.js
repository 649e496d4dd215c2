"use strict";
/** Queues, topics, subscriptions and rules: made, read, changed, listed and removed. */

const assert = require("node:assert/strict");
const { admin, administrator, all, answers, fresh, subscribed } = require("../admin_client.js");
const { feature } = require("../runner.js");

const MISSING = [404, "MessageEntityNotFoundError"];
const THERE = [409, "MessageEntityAlreadyExistsError"];
const WRONG = [400, "ServiceError"];

/** `found` has all of `expected`. */
const has = (found, expected) =>
  assert.deepEqual(Object.fromEntries(Object.keys(expected).map((key) => [key, found[key]])), expected);

feature("queue: what is not said is as Azure has it", async () => {
  const name = fresh("q");
  const expected = {
    name, maxDeliveryCount: 10, maxSizeInMegabytes: 1024, requiresSession: false,
    requiresDuplicateDetection: false, enablePartitioning: false, status: "Active",
    lockDuration: "PT1M", defaultMessageTimeToLive: "P10675199DT2H48M5.4775807S",
    maxMessageSizeInKilobytes: 256,
  };
  has(await admin.createQueue(name), expected);
  has(await admin.getQueue(name), expected);
});

feature("queue: every property is kept", async () => {
  const [name, onward] = [fresh("q"), fresh("q")];
  await admin.createQueue(onward);
  const sent = {
    lockDuration: "PT30S", maxDeliveryCount: 3, maxSizeInMegabytes: 2048, requiresDuplicateDetection: true,
    duplicateDetectionHistoryTimeWindow: "PT5M", deadLetteringOnMessageExpiration: true,
    defaultMessageTimeToLive: "PT1H", userMetadata: "a <note> & more",
  };
  await admin.createQueue(name, { ...sent, forwardDeadLetteredMessagesTo: onward });
  const found = await admin.getQueue(name);
  has(found, sent);
  assert.ok(found.forwardDeadLetteredMessagesTo.endsWith(`/${onward}`));
});

feature("queue: it exists, or it does not", async () => {
  const name = fresh("q");
  assert.equal(await admin.queueExists(name), false);
  const made = await admin.createQueue(name);
  assert.equal(await admin.queueExists(name), true);
  await answers(admin.createQueue(name), ...THERE, "40900");
  await admin.deleteQueue(name);
  assert.equal(await admin.queueExists(name), false);
  await answers(admin.deleteQueue(name), ...MISSING);
  await answers(admin.updateQueue(made), ...MISSING);
  await assert.rejects(admin.getQueue(name), { code: "MessageEntityNotFoundError" });
});

feature("queue: a change is kept, and what is fixed cannot be changed", async () => {
  const made = await admin.createQueue(fresh("q"));
  await admin.updateQueue({ ...made, lockDuration: "PT10S", maxDeliveryCount: 7 });
  has(await admin.getQueue(made.name), { lockDuration: "PT10S", maxDeliveryCount: 7 });
  for (const fixed of ["requiresSession", "requiresDuplicateDetection"]) {
    await answers(admin.updateQueue({ ...made, [fixed]: true }), ...WRONG, "cannot be changed");
  }
});

feature("queue: what cannot be is refused", async () => {
  for (const [wrong, words] of [
    [{ lockDuration: "PT301S" }, "LockDuration"],
    [{ maxDeliveryCount: 0 }, "MaxDeliveryCount"],
    [{ defaultMessageTimeToLive: "soon" }, "DefaultMessageTimeToLive"],
    [{ forwardTo: fresh("nowhere") }, "not there"],
    [{ enablePartitioning: true }, "not served"],
  ]) {
    await answers(admin.createQueue(fresh("q"), wrong), ...WRONG, words);
  }
});

feature("list: every queue once, over several pages", async () => {
  const made = Array.from({ length: 12 }, () => fresh("listed"));
  for (const name of made) await admin.createQueue(name);
  const found = (await all(admin.listQueues())).map((queue) => queue.name);
  assert.deepEqual(found.filter((name) => name.startsWith("listed-")).sort(), [...made].sort());
  const pages = [];
  for await (const page of admin.listQueues().byPage({ maxPageSize: 5 })) pages.push(page.length);
  assert.equal(pages.reduce((sum, length) => sum + length), (await all(admin.listQueues())).length);
  assert.ok(pages.slice(0, -1).every((length) => length === 5), String(pages));
  for (const name of made) await admin.deleteQueue(name);
});

feature("list: runtime properties of queues and topics", async () => {
  const queues = await all(admin.listQueuesRuntimeProperties());
  assert.ok(queues.some((queue) => queue.name === "send-one" && queue.createdAt <= new Date()));
  const topics = await all(admin.listTopicsRuntimeProperties());
  assert.equal(topics.find((topic) => topic.name === "fan-out").subscriptionCount, 3);
});

feature("topic: made, read, changed, listed, removed", async () => {
  const name = fresh("t");
  const sent = {
    requiresDuplicateDetection: true, duplicateDetectionHistoryTimeWindow: "PT1M",
    defaultMessageTimeToLive: "PT10M", userMetadata: "topic",
  };
  const made = await admin.createTopic(name, sent);
  has(made, { name, ...sent });
  await admin.updateTopic({ ...made, defaultMessageTimeToLive: "PT1M" });
  has(await admin.getTopic(name), { defaultMessageTimeToLive: "PT1M" });
  assert.ok((await all(admin.listTopics())).some((topic) => topic.name === name));
  await answers(admin.createTopic(name), ...THERE);
  await admin.deleteTopic(name);
  assert.equal(await admin.topicExists(name), false);
});

feature("subscription: made, read, changed, listed, removed", async () => {
  const topic = await subscribed("plain");
  const sent = { lockDuration: "PT20S", maxDeliveryCount: 4, requiresSession: true, userMetadata: "s" };
  const made = await admin.createSubscription(topic, "s", sent);
  has(made, { topicName: topic, subscriptionName: "s", ...sent });
  await admin.updateSubscription({ ...made, maxDeliveryCount: 5 });
  has(await admin.getSubscription(topic, "s"), { maxDeliveryCount: 5, requiresSession: true });
  const names = (await all(admin.listSubscriptions(topic))).map((it) => it.subscriptionName);
  assert.deepEqual(names, ["plain", "s"]);
  await answers(admin.createSubscription(topic, "s"), ...THERE);
  await admin.deleteSubscription(topic, "s");
  assert.equal(await admin.subscriptionExists(topic, "s"), false);
  await answers(admin.createSubscription(fresh("nowhere"), "s"), ...MISSING);
});

feature("subscription: it may be made with a rule of its own", async () => {
  const topic = await subscribed();
  const defaultRuleOptions = { name: "first", filter: { sqlExpression: "color = 'red'" } };
  await admin.createSubscription(topic, "s", { defaultRuleOptions });
  const [rule, ...more] = await all(admin.listRules(topic, "s"));
  assert.deepEqual([rule.name, rule.filter.sqlExpression, more], ["first", "color = 'red'", []]);
});

feature("rules: made, read, changed, listed, removed", async () => {
  const topic = await subscribed("s");
  await admin.createRule(topic, "s", "sql", { sqlExpression: "n < 5" }, { sqlExpression: "SET a = 1" });
  const sql = await admin.getRule(topic, "s", "sql");
  assert.deepEqual([sql.filter.sqlExpression, sql.action.sqlExpression], ["n < 5", "SET a = 1"]);
  await admin.updateRule(topic, "s", { ...sql, filter: { sqlExpression: "n < 6" } });
  assert.equal((await admin.getRule(topic, "s", "sql")).filter.sqlExpression, "n < 6");
  assert.deepEqual((await all(admin.listRules(topic, "s"))).map((rule) => rule.name), ["$Default", "sql"]);
  await answers(admin.createRule(topic, "s", "sql", { sqlExpression: "1=1" }), ...THERE);
  await admin.deleteRule(topic, "s", "sql");
  assert.equal(await admin.ruleExists(topic, "s", "sql"), false);
  await answers(admin.deleteRule(topic, "s", "sql"), ...MISSING);
});

feature("rules: properties of a correlation filter keep their types", async () => {
  const topic = await subscribed("s");
  const filter = {
    subject: "order", correlationId: "c",
    applicationProperties: { text: "a & b", number: 5, fraction: 1.5, yes: true, at: new Date("2026-01-02T03:04:05Z") },
  };
  await admin.createRule(topic, "s", "typed", filter);
  const found = (await admin.getRule(topic, "s", "typed")).filter;
  has(found, { subject: "order", correlationId: "c", applicationProperties: filter.applicationProperties });
});

feature("rules: expressions that cannot be parsed are refused", async () => {
  const topic = await subscribed("s");
  await answers(admin.createRule(topic, "s", "broken", { sqlExpression: "color = " }), ...WRONG, "position");
});

feature("namespace: its name and kind", async () => {
  has(await admin.getNamespaceProperties(), { name: "sbemulatorns", messagingSku: "Standard" });
});

feature("access: a wrong key is refused", () =>
  answers(administrator("bm90LXRoZS1rZXk=").getQueue("send-one"), 401, "UnauthorizedRequestError", "InvalidSignature"));
