"use strict";
/**
 * Microsoft's JavaScript SDK as a client of the emulator's Service Bus.
 *
 *     SERVICEBUS_CONNECTION=Endpoint=… CONTROL=http://127.0.0.1:8090 node main.js [WORD…]
 *
 * The emulator must have been started for this run, with ../Config.json. Words run only the
 * features whose names contain one of them.
 */

const { run } = require("./runner.js");

// Each file adds its features.
for (const file of [
  "sending", "messages", "receiving", "settling", "deferring", "locks", "sessions", "topics",
  "rules", "expiring", "access", "faults",
]) {
  require(`./features/${file}.js`);
}

run(process.argv.slice(2)).then((failed) => process.exit(failed ? 1 : 0));
