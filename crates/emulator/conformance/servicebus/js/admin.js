"use strict";
/**
 * Microsoft's administration client for JavaScript as a client of the emulator.
 *
 *     SERVICEBUS_CONNECTION=Endpoint=… CONTROL=… ADMIN=http://127.0.0.1:5300 node admin.js [WORD…]
 */

const { run } = require("./runner.js");

require("./features/administration.js");
require("./features/administered.js");

run(process.argv.slice(2)).then((failed) => process.exit(failed ? 1 : 0));
