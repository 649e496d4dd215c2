"use strict";
/** Patch: every operation, both shapes, conditions, errors. */

const assert = require("node:assert/strict");
const { feature } = require("../runner.js");
const { refused } = require("../world.js");

/** An item with `body`, and a patch of it; what the item then holds besides id and key. */
async function patched(world, body, patch, options) {
  const container = await world.container();
  const { item } = await container.items.create({ id: "1", pk: "a", ...body });
  const { resource } = await item.patch(patch, options);
  assert.deepEqual((await item.read()).resource, resource);
  const own = Object.entries(resource).filter(([name]) => !/^_|^id$|^pk$/.test(name));
  return Object.fromEntries(own);
}

feature("patch: as a bare list of operations", async (world) => {
  const after = await patched(world, { n: 1 }, [{ op: "set", path: "/n", value: 2 }]);
  assert.deepEqual(after, { n: 2 });
});

feature("patch: as an object with operations", async (world) => {
  const after = await patched(world, { n: 1 }, { operations: [{ op: "incr", path: "/n", value: 2 }] });
  assert.deepEqual(after, { n: 3 });
});

feature("patch: add, set, replace, remove, incr and move in one", async (world) => {
  const after = await patched(world, { n: 1, list: ["a", "c"], old: 1, from: { x: 1 } }, [
    { op: "add", path: "/list/1", value: "b" },
    { op: "add", path: "/list/-", value: "d" },
    { op: "set", path: "/new", value: { y: null } },
    { op: "replace", path: "/n", value: 5 },
    { op: "incr", path: "/n", value: -1.5 },
    { op: "remove", path: "/old" },
    { op: "move", from: "/from/x", path: "/to" },
  ]);
  assert.deepEqual(after, { n: 3.5, list: ["a", "b", "c", "d"], new: { y: null }, from: {}, to: 1 });
});

feature("patch: replace and remove of what is not there are 400", async (world) => {
  await refused(400, patched(world, {}, [{ op: "replace", path: "/no", value: 1 }]));
  await refused(400, patched(world, {}, [{ op: "remove", path: "/no" }]));
});

feature("patch: a condition that holds lets it through", async (world) => {
  const operations = [{ op: "set", path: "/state", value: "done" }];
  const condition = "from c where c.state = 'new'";
  const after = await patched(world, { state: "new" }, { condition, operations });
  assert.deepEqual(after, { state: "done" });
});

feature("patch: a condition that does not hold is 412", async (world) => {
  const container = await world.container();
  const { item, etag } = await container.items.create({ id: "1", pk: "a", state: "done" });
  const operations = [{ op: "set", path: "/state", value: "new" }];
  await refused(412, item.patch({ condition: "from c where c.state = 'new'", operations }));
  assert.equal((await item.read()).etag, etag);
});

feature("patch: a stale ETag is 412, an item that is not there 404", async (world) => {
  const container = await world.container();
  const { item, etag } = await container.items.create({ id: "1", pk: "a" });
  const patch = [{ op: "incr", path: "/n", value: 1 }];
  const accessCondition = { type: "IfMatch", condition: etag };
  assert.equal((await item.patch(patch, { accessCondition })).resource.n, 1);
  await refused(412, item.patch(patch, { accessCondition }));
  await refused(404, container.item("no", "a").patch(patch));
});

feature("patch: id and partition key do not change, 400", async (world) => {
  for (const path of ["/id", "/pk", "/_etag"]) {
    await refused(400, patched(world, {}, [{ op: "set", path, value: "x" }]));
  }
});

feature("patch: ten operations are taken, eleven are 400", async (world) => {
  const grow = { op: "incr", path: "/n", value: 1 };
  assert.deepEqual(await patched(world, {}, Array(10).fill(grow)), { n: 10 });
  await refused(400, patched(world, {}, Array(11).fill(grow)));
});
