"use strict";
/** Account, authentication, databases. */

const assert = require("node:assert/strict");
const { CosmosClient } = require("@azure/cosmos");
const { feature } = require("../runner.js");
const { fresh, refused } = require("../world.js");

feature("account: the document names where to write, and Session consistency", async (world) => {
  const { resource, requestCharge } = await world.client.getDatabaseAccount();
  assert.equal(resource.consistencyPolicy, "Session");
  assert.equal(resource.writableLocations.length, 1);
  assert.match(resource.writableLocations[0].databaseAccountEndpoint, /^http:\/\/127\.0\.0\.1:/);
  assert.deepEqual(resource.readableLocations, resource.writableLocations);
  assert.ok(requestCharge >= 0);
});

feature("account: the endpoints are found by their region", async (world) => {
  assert.match(await world.client.getWriteEndpoint(), /127\.0\.0\.1/);
  assert.match(await world.client.getReadEndpoint(), /127\.0\.0\.1/);
});

feature("auth: another key than the account's is 401", async (world) => {
  const key = Buffer.from("another key than the account's").toString("base64");
  const client = new CosmosClient({ endpoint: world.endpoint, key });
  await refused(401, client.getDatabaseAccount());
});

feature("auth: no key at all is 401", async (world) => {
  const answer = await fetch(`${world.endpoint}/dbs`);
  assert.equal(answer.status, 401);
  assert.equal((await answer.json()).code, "Unauthorized");
});

feature("databases: create, read and delete", async (world) => {
  const made = await world.client.databases.create({ id: fresh("d") });
  assert.equal(made.statusCode, 201);
  const { resource, statusCode, headers } = await made.database.read();
  assert.equal(statusCode, 200);
  assert.equal(resource.id, made.database.id);
  assert.ok(resource._rid && resource._etag && 0 < resource._ts);
  assert.ok(headers["x-ms-activity-id"]);
  assert.equal((await made.database.delete()).statusCode, 204);
  await refused(404, made.database.read());
});

feature("databases: a taken id is 409", async (world) => {
  await refused(409, world.client.databases.create({ id: world.database.id }));
});

feature("databases: create if it does not exist", async (world) => {
  const id = fresh("d");
  const { databases } = world.client;
  assert.equal((await databases.createIfNotExists({ id })).statusCode, 201);
  const { statusCode, database } = await databases.createIfNotExists({ id });
  assert.equal(statusCode, 200);
  await database.delete();
});

feature("databases: list and query", async (world) => {
  const all = (await world.client.databases.readAll().fetchAll()).resources;
  assert.equal(all.filter(({ id }) => id === world.database.id).length, 1);
  const query = "SELECT * FROM root r WHERE r.id = @id";
  const parameters = [{ name: "@id", value: world.database.id }];
  const found = await world.client.databases.query({ query, parameters }).fetchAll();
  assert.deepEqual(found.resources.map(({ id }) => id), [world.database.id]);
});
