"use strict";
/** Rules of a subscription, added, listed and removed over AMQP. */

const assert = require("node:assert/strict");
const { bodies, bus, drain, refused, send } = require("../bus.js");
const { feature } = require("../runner.js");

const managed = (subscription, use) => use(bus.createRuleManager("rules", subscription));

async function listed(manager) {
  const found = [];
  for await (const rule of manager.listRules()) found.push(rule);
  return found;
}

feature("rules: are added, work with their action, and are removed", () =>
  managed("managed", async (manager) => {
    assert.deepEqual((await listed(manager)).map((rule) => rule.name), ["$Default"]);
    await manager.createRule("red", { sqlExpression: "color = 'red'" }, { sqlExpression: "SET seen = 'yes'" });
    await manager.createRule("orders", { subject: "order", applicationProperties: { kind: "x" } });
    await manager.deleteRule("$Default");
    await send(
      "rules",
      { body: "by color", applicationProperties: { color: "red" } },
      { body: "by subject", subject: "order", applicationProperties: { kind: "x" } },
      { body: "neither", subject: "order" },
    );
    const found = await drain("rules/managed");
    assert.deepEqual(bodies(found), ["by color", "by subject"]);
    assert.deepEqual({ ...found[0].applicationProperties }, { color: "red", seen: "yes", RuleName: "red" });
    const rules = await listed(manager);
    assert.deepEqual(rules.map((rule) => rule.name), ["red", "orders"]);
    assert.equal(rules[0].filter.sqlExpression, "color = 'red'");
    assert.equal(rules[0].action.sqlExpression, "SET seen = 'yes'");
    assert.equal(rules[1].filter.subject, "order");
    assert.deepEqual({ ...rules[1].filter.applicationProperties }, { kind: "x" });
  }));

feature("rules: one that is there already, and one that is not, are refused", () =>
  managed("managed-too", async (manager) => {
    await refused(manager.createRule("$Default", { sqlExpression: "1=1" }), "MessagingEntityAlreadyExists");
    await refused(manager.deleteRule("no-such-rule"), "MessagingEntityNotFound");
  }));

feature("rules: an expression that cannot be parsed is refused", () =>
  managed("managed-too", (manager) =>
    assert.rejects(manager.createRule("broken", { sqlExpression: "color = " }), /expected|syntax/i)));

feature("rules: without any, no message comes", () =>
  managed("listed", async (manager) => {
    await manager.deleteRule("$Default");
    await drain("rules/listed");
    await send("rules", { body: "nobody's", subject: "mine" });
    assert.deepEqual(await drain("rules/listed"), []);
    await manager.createRule("mine", { subject: "mine" });
    await send("rules", { body: "somebody's", subject: "mine" });
    assert.deepEqual(bodies(await drain("rules/listed")), ["somebody's"]);
  }));
