"use strict";
/**
 * Named features: a line for each, the totals last.
 *
 * Features run side by side, each on entities of its own. Those that move the emulator's clock run
 * after all others, one at a time.
 */

const { bus } = require("./bus.js");

const features = [];
const clockFeatures = [];
/** What one feature may take; nothing here waits for longer than a few seconds. */
const ENDS_WITHIN_MS = 60_000;
const AT_ONCE = 8;

/** Adds the proof of one named feature. */
function feature(name, prove) {
  features.push({ name, prove });
}

/** The same for one that moves the clock. */
function clockFeature(name, prove) {
  clockFeatures.push({ name, prove });
}

/** A promise that fails when a feature hangs, and how to call that off. */
function hang() {
  let timer;
  const hung = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end within ${ENDS_WITHIN_MS} ms`)), ENDS_WITHIN_MS);
  });
  return { hung, stop: () => clearTimeout(timer) };
}

/** Runs one feature and tells how it went. */
async function tell({ name, prove }) {
  const started = performance.now();
  const { hung, stop } = hang();
  let error;
  try {
    await Promise.race([prove(), hung]);
  } catch (caught) {
    error = caught ?? new Error("something empty was thrown");
  }
  stop();
  const took = ((performance.now() - started) / 1000).toFixed(2);
  console.log(`${error ? "FAIL" : "ok "} ${name} (${took} s)`);
  if (error) {
    const lines = String(error.stack ?? error.message ?? JSON.stringify(error)).split("\n");
    console.log(lines.slice(0, 20).map((line) => `     ${line}`).join("\n"));
  }
  return !error;
}

/** Runs the features that were asked for; how many failed, or 1 if there are none. */
async function run(words) {
  const wanted = ({ name }) => words.length === 0 || words.some((word) => name.includes(word));
  let passed = 0;
  let failed = 0;
  for (const [list, atOnce] of [[features, AT_ONCE], [clockFeatures, 1]]) {
    const waiting = list.filter(wanted);
    const worker = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        if (await tell(next)) passed += 1;
        else failed += 1;
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
  }
  await bus.close();
  console.log(`${passed} passed, ${failed} failed`);
  return passed ? failed : 1;
}

module.exports = { feature, clockFeature, run };
