"use strict";
/** Keys and tokens in the connection string. */

const assert = require("node:assert/strict");
const { createHmac } = require("node:crypto");
const { parseServiceBusConnectionString } = require("@azure/service-bus");
const { CONNECTION, bodies, drain, impatiently, refused } = require("../bus.js");
const { feature } = require("../runner.js");

const parts = parseServiceBusConnectionString(CONNECTION);

/** A connection string with a token for `path` instead of the key. */
function signed(path, seconds) {
  const audience = encodeURIComponent(`${parts.endpoint.replace(/\/$/, "")}/${path}`);
  const expiry = Math.floor(Date.now() / 1000) + seconds;
  const mac = createHmac("sha256", parts.sharedAccessKey).update(`${audience}\n${expiry}`).digest("base64");
  const token = `sr=${audience}&sig=${encodeURIComponent(mac)}&se=${expiry}&skn=${parts.sharedAccessKeyName}`;
  return `Endpoint=${parts.endpoint};SharedAccessSignature=SharedAccessSignature ${token};UseDevelopmentEmulator=true;`;
}

const sendAs = (connection) =>
  impatiently((client) => client.createSender("fault-quota").sendMessages({ body: "by token" }), connection);

feature("access: a wrong key is refused", () =>
  refused(sendAs(CONNECTION.replace("SAS_KEY_VALUE", "bm90LXRoZS1rZXk=")), "UnauthorizedAccess", "InvalidSignature"));

feature("access: a token for the entity is enough", async () => {
  await sendAs(signed("fault-quota", 24 * 3600));
  assert.deepEqual(bodies(await drain("fault-quota")), ["by token"]);
});

feature("access: an expired token is refused", () =>
  refused(sendAs(signed("fault-quota", -60)), "UnauthorizedAccess", "expired"));

feature("access: a token for another entity is refused", () =>
  refused(sendAs(signed("some-other-queue", 3600)), "UnauthorizedAccess", "InvalidAudience"));
