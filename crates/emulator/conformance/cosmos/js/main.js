"use strict";
/**
 * Microsoft's JavaScript SDK as a client of the emulator.
 *
 *     COSMOS_ENDPOINT=http://127.0.0.1:8081 CONTROL=http://127.0.0.1:8090 node main.js
 */

const { run } = require("./runner.js");
const { World } = require("./world.js");

// Each file adds its features; they run in this order.
require("./features/account.js");
require("./features/containers.js");
require("./features/items.js");
require("./features/patches.js");
require("./features/batches.js");
require("./features/queries.js");
require("./features/feeds.js");
require("./features/versions.js");
require("./features/faults.js");

async function main() {
  const [endpoint = process.env.COSMOS_ENDPOINT, control = process.env.CONTROL] = process.argv.slice(2);
  if (!endpoint || !control) {
    throw new Error("COSMOS_ENDPOINT and CONTROL, or both as arguments, are needed");
  }
  process.exitCode = await run(await World.open(endpoint, control));
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
