"""Topics, subscriptions and their filters, forwarding and duplicate detection."""

from azure.servicebus import ServiceBusMessage as Message
from azure.servicebus.exceptions import ServiceBusError
from features.bus import DEAD, DELETE, bodies, client, drain, drain_subscription, now, one, publish
from features.bus import rest, seconds, send
from features.shared import FILTERS
from runner import advance, eq, feature, properties, refused


@feature("topic: every subscription gets a copy of its own")
def fan_out():
    publish("fan-out", Message("x", message_id="f-1", application_properties={"k": "v"}))
    with client.get_subscription_receiver("fan-out", "one") as receiver:
        message = one(receiver)
        eq((str(message), message.message_id), ("x", "f-1"))
        eq(properties(message), {"k": "v"}, "properties")
        receiver.complete_message(message)
    for name in ("two", "three"):
        eq(bodies(drain_subscription("fan-out", name)), ["x"], name)
        eq(drain_subscription("fan-out", name), [], name)


@feature("topic: a batch arrives in order")
def topic_batch():
    with client.get_topic_sender("topic-batch") as sender:
        batch = sender.create_message_batch()
        for number in range(10):
            batch.add_message(Message(str(number)))
        sender.send_messages(batch)
    found = drain_subscription("topic-batch", "all")
    eq(bodies(found), [str(number) for number in range(10)])


@feature("topic: each subscription has its own dead letters")
def topic_dead():
    publish("topic-dead", Message("bad"))
    with client.get_subscription_receiver("topic-dead", "all") as receiver:
        receiver.dead_letter_message(one(receiver), reason="why")
    (dead,) = drain_subscription("topic-dead", "all", **DEAD)
    eq((str(dead), dead.dead_letter_reason), ("bad", "why"))
    eq(drain_subscription("topic-dead", "other", **DEAD), [], "the other's dead letters")
    eq(bodies(drain_subscription("topic-dead", "other")), ["bad"], "the other's messages")


@feature("topic: sessions and duplicate detection hold for a subscription")
def topic_sessions():
    for number in (1, 1, 2):
        publish("topic-sessions", Message(str(number), message_id=f"o.{number}", session_id="o"))
    options = {"session_id": "o", **DELETE}
    with client.get_subscription_receiver("topic-sessions", "all", **options) as receiver:
        eq(bodies(rest(receiver)), ["1", "2"])


def filtered(*messages):
    """What each subscription of `filters` makes of messages."""
    for name in FILTERS:
        drain_subscription("filters", name)
    publish("filters", *messages)
    return {name: drain_subscription("filters", name) for name in FILTERS}



@feature("filters: sql, correlation, true, false, and several rules on one subscription")
def filters():
    order = {"subject": "order", "content_type": "text/plain"}
    red, green = {"color": "red", "quantity": 4}, {"color": "green", "quantity": 4}
    found = filtered(
        Message("all", application_properties=red, **order),
        Message("green", application_properties=green, **order),
        Message("few", application_properties={"color": "blue", "quantity": 3}, **order),
        Message("plain", content_type="text/plain"),
    )
    expected = {
        "sql": ["all"],
        "correlation": ["all"],
        "true": ["all", "green", "few", "plain"],
        "false": [],
        "either": ["all", "plain"],
    }
    eq({name: bodies(messages) for name, messages in found.items()}, expected)
    changed = properties(found["sql"][0])
    eq(changed, {"seen": "yes", "quantity": 5, "RuleName": "sql"}, "properties after the action")
    eq(properties(found["true"][0]), red, "the other copies' properties")


@feature("forward: from queue to queue to queue, with the last one's numbers")
def forward():
    send("forward-first", Message("x", message_id="f-1"))
    (found,) = drain("forward-last")
    eq((str(found), found.message_id), ("x", "f-1"))
    with refused(ServiceBusError, "auto-forwarding"):
        drain("forward-second")


@feature("forward: from a subscription to a queue")
def forward_subscription():
    publish("topic-forward", Message("x"))
    eq(bodies(drain("forward-from-topic")), ["x"])


@feature("forward: dead letters, with their reason and where they come from")
def forward_dead():
    send("forward-dead", Message("bad"))
    with client.get_queue_receiver("forward-dead") as receiver:
        receiver.dead_letter_message(one(receiver), reason="why")
    (dead,) = drain("forward-morgue")
    eq((str(dead), dead.dead_letter_reason), ("bad", "why"))
    eq(dead.dead_letter_source, "forward-dead", "dead_letter_source")
    eq(drain("forward-dead", **DEAD), [], "its own dead letters")


def pulled(queue):
    return bodies(drain(queue))


@feature("duplicates: a repeated id is accepted and dropped")
def duplicates():
    send("duplicates", Message("first", message_id="d-1"), Message("second", message_id="d-1"))
    eq(pulled("duplicates"), ["first"])
    send("duplicates", Message("third", message_id="d-1"), Message("other", message_id="d-2"))
    eq(pulled("duplicates"), ["other"], "after the first was received")


@feature("duplicates: inside one batch and against it")
def duplicates_batch():
    with client.get_queue_sender("duplicates-batch") as sender:
        names = ("b-1", "b-2", "b-1", "b-3")
        sender.send_messages([Message(name, message_id=name) for name in names])
        sender.send_messages([Message(name, message_id=name) for name in ("b-3", "b-4")])
    eq(pulled("duplicates-batch"), ["b-1", "b-2", "b-3", "b-4"])


@feature("duplicates: a scheduled message counts")
def duplicates_scheduled():
    later = now() + seconds(3600)
    with client.get_queue_sender("duplicates-scheduled") as sender:
        (number,) = sender.schedule_messages(Message("later", message_id="s-1"), later)
        sender.send_messages(Message("now", message_id="s-1"))
        eq(pulled("duplicates-scheduled"), [])
        sender.cancel_scheduled_messages(number)


@feature("duplicates: beyond the window an id is new again", moves_clock=True)
def duplicates_window():
    send("duplicates", Message("early", message_id="w-1"))
    advance(15)
    send("duplicates", Message("inside", message_id="w-1"))
    advance(21)
    send("duplicates", Message("beyond", message_id="w-1"))
    eq(pulled("duplicates"), ["early", "beyond"])
