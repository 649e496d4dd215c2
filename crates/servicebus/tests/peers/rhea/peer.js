// A small broker on rhea: queues in memory, by the address of the link. What is in it is gone when
// it ends. `node peer.js PORT` listens on loopback.
//
// | address | what becomes of a message that is sent there |
// |---|---|
// | `refuse-*` | rejected with com.microsoft:argument-error |
// | `release-*` | released |
// | any other | queued, those of a batch (message format 0x80013700) one by one; then accepted |
"use strict";
const rhea = require("rhea");

const BATCH = 0x80013700;
const container = rhea.create_container({ id: "rhea-peer" });
container.sasl_server_mechanisms.enable_anonymous();
container.sasl_server_mechanisms.enable_plain((user, password) => user === "guest" && password === "guest");

const queues = new Map();

function queue(address) {
  if (!queues.has(address)) {
    queues.set(address, { address, messages: [], senders: new Set() });
  }
  return queues.get(address);
}

/** The messages of a batch: each data section is one of them, encoded. */
function split(envelope) {
  const { content } = rhea.message.decode(envelope).body;
  const sections = Array.isArray(content) ? content : [content];
  return sections.map((section) => rhea.message.decode(section));
}

/** Hands out what there is to whoever has credit. */
function pump(from) {
  for (const sender of from.senders) {
    // Counted here: rhea takes more than the credit, and keeps it back where no one else gets it.
    while (0 < from.messages.length && 0 < sender.room) {
      sender.room -= 1;
      const message = from.messages.shift();
      sender.unsettled.set(sender.send(message), message);
    }
  }
}

/** Takes a message back: it is the next to be handed out, and was handed out once more. */
function giveBack(to, message) {
  message.delivery_count = (message.delivery_count || 0) + 1;
  to.messages.unshift(message);
}

container.on("receiver_open", ({ receiver }) => {
  // By the address alone: rhea echoes a terminus with fields that it does not have.
  const { address } = receiver.remote.attach.target;
  receiver.address = address;
  receiver.set_source({});
  receiver.set_target({ address });
});

container.on("sender_open", ({ sender }) => {
  const { address } = sender.remote.attach.source;
  sender.set_source({ address });
  sender.set_target({});
  sender.queue = queue(address);
  sender.unsettled = new Map();
  sender.room = 0;
  sender.queue.senders.add(sender);
});

container.on("sendable", ({ sender }) => {
  sender.room = sender.credit;
  pump(sender.queue);
});

container.on("message", ({ receiver, message, delivery, format }) => {
  const { address } = receiver;
  if (address.startsWith("refuse-")) {
    return delivery.reject({ condition: "com.microsoft:argument-error", description: "refused" });
  }
  if (address.startsWith("release-")) {
    return delivery.release();
  }
  const to = queue(address);
  to.messages.push(...(format === BATCH ? split(message) : [message]));
  delivery.accept();
  pump(to);
});

/** What is done with a message when its receiver has settled it. */
const outcomes = {
  accepted() {},
  released: (to, message) => to.messages.unshift(message),
  modified: giveBack,
  rejected: (to, message) => queue(`${to.address}/$DeadLetterQueue`).messages.push(message),
};
for (const [outcome, act] of Object.entries(outcomes)) {
  container.on(outcome, ({ sender, delivery }) => {
    const message = sender.unsettled.get(delivery);
    sender.unsettled.delete(delivery);
    act(sender.queue, message);
    pump(sender.queue);
  });
}

/** A link that is gone gives back what it had not settled. */
function leave(sender) {
  if (sender.queue && sender.queue.senders.delete(sender)) {
    for (const message of [...sender.unsettled.values()].reverse()) {
      giveBack(sender.queue, message);
    }
    pump(sender.queue);
  }
}

container.on("sender_close", ({ sender }) => leave(sender));
for (const end of ["session_close", "connection_close", "disconnected"]) {
  container.on(end, ({ connection }) => {
    for (const { senders } of queues.values()) {
      [...senders].filter((sender) => sender.connection === connection).forEach(leave);
    }
  });
}

container.listen({
  host: "127.0.0.1",
  port: Number(process.argv[2]),
  receiver_options: { autoaccept: false, credit_window: 500 },
  sender_options: { treat_modified_as_released: false },
});
