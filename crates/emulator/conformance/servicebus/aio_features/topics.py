"""Topics, subscriptions and their filters, forwarding and duplicate detection."""

from aio_features.bus import feature, one, rest
from azure.servicebus import ServiceBusMessage as Message
from features.bus import DEAD, DELETE, bodies
from features.shared import FILTERS
from runner import advance, eq, properties


@feature("topic: every subscription gets a copy of its own")
async def fan_out(bus):
    await bus.send("fan-out", Message("x", message_id="f-1", application_properties={"k": "v"}))
    for name in ("one", "two", "three"):
        (found,) = await bus.drain(f"fan-out/{name}")
        eq((str(found), found.message_id, properties(found)), ("x", "f-1", {"k": "v"}), name)


@feature("topic: a batch arrives in order")
async def topic_batch(bus):
    async with bus.client.get_topic_sender("topic-batch") as sender:
        batch = await sender.create_message_batch()
        for number in range(10):
            batch.add_message(Message(str(number)))
        await sender.send_messages(batch)
    eq(bodies(await bus.drain("topic-batch/all")), [str(number) for number in range(10)])


@feature("topic: each subscription has its own dead letters")
async def topic_dead(bus):
    await bus.send("topic-dead", Message("bad"))
    async with bus.receiver("topic-dead/all") as receiver:
        await receiver.dead_letter_message(await one(receiver), reason="why")
    eq(bodies(await bus.drain("topic-dead/all", **DEAD)), ["bad"])
    eq(await bus.drain("topic-dead/other", **DEAD), [], "the other's dead letters")
    eq(bodies(await bus.drain("topic-dead/other")), ["bad"], "the other's messages")


@feature("topic: sessions and duplicate detection hold for a subscription")
async def topic_sessions(bus):
    for number in (1, 1, 2):
        message = Message(str(number), message_id=f"o.{number}", session_id="o")
        await bus.send("topic-sessions", message)
    async with bus.receiver("topic-sessions/all", session_id="o", **DELETE) as receiver:
        eq(bodies(await rest(receiver)), ["1", "2"])


@feature("filters: sql, correlation, true, false, and several rules on one subscription")
async def filters(bus):
    order = {"subject": "order", "content_type": "text/plain"}
    red, green = {"color": "red", "quantity": 4}, {"color": "green", "quantity": 4}
    messages = (
        Message("all", application_properties=red, **order),
        Message("green", application_properties=green, **order),
        Message("plain", content_type="text/plain"),
    )
    await bus.send("filters", *messages)
    found = {name: await bus.drain(f"filters/{name}") for name in FILTERS}
    expected = {
        "sql": ["all"],
        "correlation": ["all"],
        "true": ["all", "green", "plain"],
        "false": [],
        "either": ["all", "plain"],
    }
    eq({name: bodies(messages) for name, messages in found.items()}, expected)
    eq(properties(found["sql"][0]), {"seen": "yes", "quantity": 5, "RuleName": "sql"}, "after the action")


@feature("forward: from queue to queue to queue, and from a subscription to a queue")
async def forward(bus):
    await bus.send("forward-first", Message("x"))
    eq(bodies(await bus.drain("forward-last")), ["x"])
    await bus.send("topic-forward", Message("y"))
    eq(bodies(await bus.drain("forward-from-topic")), ["y"])


@feature("forward: dead letters, with their reason and where they come from")
async def forward_dead(bus):
    await bus.send("forward-dead", Message("bad"))
    async with bus.receiver("forward-dead") as receiver:
        await receiver.dead_letter_message(await one(receiver), reason="why")
    (dead,) = await bus.drain("forward-morgue")
    found = (str(dead), dead.dead_letter_reason, dead.dead_letter_source)
    eq(found, ("bad", "why", "forward-dead"))


@feature("duplicates: a repeated id is dropped until the window is over", moves_clock=True)
async def duplicates(bus):
    async with bus.sender("duplicates") as sender:
        names = ("d-1", "d-2", "d-1")
        await sender.send_messages([Message(name, message_id=name) for name in names])
        await sender.send_messages(Message("again", message_id="d-2"))
    eq(bodies(await bus.drain("duplicates")), ["d-1", "d-2"])
    advance(21)
    await bus.send("duplicates", Message("new", message_id="d-2"))
    eq(bodies(await bus.drain("duplicates")), ["new"])
