"use strict";
/** Where the emulator is, what its control port does to it, and a new container for whoever asks. */

const assert = require("node:assert/strict");
const { randomUUID } = require("node:crypto");
const { CosmosClient } = require("@azure/cosmos");

/** The key of every Cosmos DB emulator; it is public. */
const KEY =
  "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==";

/** An id that nothing has yet. */
const fresh = (prefix) => `${prefix}-${randomUUID().slice(0, 13)}`;

class World {
  /** A client, and a database of this run. */
  static async open(endpoint, control) {
    const world = new World();
    Object.assign(world, { endpoint, at: control });
    world.client = world.anotherClient();
    ({ database: world.database } = await world.client.databases.create({ id: fresh("js") }));
    return world;
  }

  /** A client that knows nothing of the first one's sessions. */
  anotherClient(options = {}) {
    return new CosmosClient({ endpoint: this.endpoint, key: KEY, ...options });
  }

  /** A new container; the key is a path, or a definition. */
  async container(partitionKey = { paths: ["/pk"], version: 2 }, definition = {}, options = {}) {
    const body = { id: fresh("c"), partitionKey, ...definition };
    return (await this.database.containers.create(body, options)).container;
  }

  /** A container with `count` items over `keys` partition keys, numbered from 0. */
  async filled(count, keys = 1) {
    const container = await this.container();
    for (let n = 0; n < count; n += 1) {
      await container.items.create({ id: name(n), pk: `k${n % keys}`, n });
    }
    return container;
  }

  /** The same container through another client. */
  elsewhere(container, options) {
    return this.anotherClient(options).database(this.database.id).container(container.id);
  }

  /** Splits a partition key range of the container; the ranges afterwards. */
  async split(container) {
    const path = `/cosmos/${this.database.id}/${container.id}/split`;
    return (await this.control("POST", path)).partitionKeyRanges;
  }

  /** Splits a range, which serves nobody for that long by the emulator's clock; the range. */
  async splitWithin(container, durationMs) {
    const path = `/cosmos/${this.database.id}/${container.id}/split`;
    return (await this.control("POST", path, { durationMs })).splitting;
  }

  /** Merges two partition key ranges of the container; the ranges afterwards. */
  async merge(container) {
    const path = `/cosmos/${this.database.id}/${container.id}/merge`;
    return (await this.control("POST", path)).partitionKeyRanges;
  }

  /** Sets a fault for the requests that follow. */
  fault(rule) {
    return this.control("POST", "/faults", { target: "cosmos", ...rule });
  }

  /** What is left of the faults that were set. */
  async faults() {
    return (await this.control("GET", "/faults")).faults;
  }

  /** Takes back what is left of all faults. */
  noFaults() {
    return this.control("DELETE", "/faults");
  }

  /** Moves the emulator's clock on. */
  advance(seconds) {
    return this.control("POST", "/clock/advance", { seconds });
  }

  /** How many requests of each kind the container has served. */
  async counts(container) {
    const { databases } = (await this.control("GET", "/state")).cosmos;
    const { requests } = databases[this.database.id].containers[container.id];
    return Object.fromEntries(Object.entries(requests).map(([kind, { count }]) => [kind, count]));
  }

  async control(method, path, body) {
    const answer = await fetch(this.at + path, { method, body: body && JSON.stringify(body) });
    const json = await answer.json();
    if (!answer.ok) throw new Error(`${method} ${path}: ${json.error}`);
    return json;
  }

  /** Removes what the features left behind. */
  async close() {
    await this.noFaults();
    await this.database.delete();
  }
}

/** The id of item `n`. */
function name(n) {
  return String(n).padStart(3, "0");
}

/** The error of a call that must end in this status. */
async function refused(status, call, substatus) {
  let answer;
  try {
    answer = await call;
  } catch (error) {
    assert.equal(error.code, status, `${error.code}: ${error.message}`);
    if (substatus !== undefined) assert.equal(Number(error.substatus), substatus, error.message);
    return error;
  }
  // A read of what is not there is an answer of this SDK, not an error.
  if (answer?.statusCode === status) return answer;
  throw new Error(`${status} was due, and ${answer?.statusCode} came`);
}

module.exports = { World, KEY, fresh, name, refused };
