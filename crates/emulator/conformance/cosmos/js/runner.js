"use strict";
/** Named features, run one after the other: a line for each, the totals last. */

const features = [];
/** What one feature may take; nothing here waits for longer than a few seconds. */
const ENDS_WITHIN_MS = 60_000;

/** Adds the proof of one named feature: a function of the world. */
function feature(name, prove) {
  features.push({ name, prove });
}

/** A promise that fails when a feature hangs, and how to call that off. */
function hang() {
  let timer;
  const hung = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end within ${ENDS_WITHIN_MS} ms`)), ENDS_WITHIN_MS);
  });
  return { hung, stop: () => clearTimeout(timer) };
}

/** Runs every feature against the world; 1 if any failed. */
async function run(world) {
  let failed = 0;
  for (const { name, prove } of features) {
    const started = performance.now();
    const { hung, stop } = hang();
    let error;
    try {
      await Promise.race([prove(world), hung]);
    } catch (caught) {
      error = caught ?? new Error("something empty was thrown");
    }
    stop();
    const took = ((performance.now() - started) / 1000).toFixed(2);
    console.log(`${error ? "FAIL" : "ok "} ${name} (${took} s)`);
    if (error) {
      failed += 1;
      const lines = String(error.stack ?? error.message ?? JSON.stringify(error)).split("\n");
      console.log(lines.slice(0, 20).map((line) => `     ${line}`).join("\n"));
      // What a feature that broke off has set is not to reach the next one.
      await world.noFaults();
    }
  }
  await world.close();
  console.log(`${features.length - failed} passed, ${failed} failed`);
  return failed ? 1 : 0;
}

module.exports = { feature, run };
