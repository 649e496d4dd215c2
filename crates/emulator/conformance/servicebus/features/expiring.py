"""Time to live: what happens to messages whose time is over."""

from azure.servicebus import ServiceBusMessage as Message
from features.bus import DEAD, bodies, client, drain, drain_subscription, nothing, one, publish
from features.bus import seconds, send
from runner import advance, eq, feature


@feature("expiry: a message whose time is over is gone", moves_clock=True)
def expire():
    send("expire", Message("short", time_to_live=seconds(5)), Message("long"))
    advance(6)
    with client.get_queue_receiver("expire") as receiver:
        eq(bodies(receiver.peek_messages(10)), ["long"])
    eq(bodies(drain("expire")), ["long"])
    eq(drain("expire", **DEAD), [], "dead letters")


@feature("expiry: a message that says nothing lives as long as its queue says", moves_clock=True)
def expire_default():
    send("expire-default", Message("x"))
    with client.get_queue_receiver("expire-default") as receiver:
        eq(bodies(receiver.peek_messages()), ["x"])
        advance(6)
        nothing(receiver)


@feature("expiry: of the message's and the queue's time the shorter counts", moves_clock=True)
def expire_shorter():
    messages = [Message("hour", time_to_live=seconds(3600)), Message("two", time_to_live=seconds(2))]
    send("expire-shorter", *messages)
    advance(3)
    with client.get_queue_receiver("expire-shorter") as receiver:
        eq(bodies(receiver.peek_messages(10)), ["hour"])
        advance(3)
        nothing(receiver)


@feature("expiry: a queue may keep what expired as dead letters", moves_clock=True)
def expire_dead():
    send("expire-dead", Message("late", message_id="e-1"))
    advance(6)
    (dead,) = drain("expire-dead", **DEAD)
    eq((str(dead), dead.message_id), ("late", "e-1"))
    eq(dead.dead_letter_reason, "TTLExpiredException", "reason")


@feature("expiry: so may a subscription, by its topic's time", moves_clock=True)
def expire_topic():
    publish("topic-expire", Message("late"))
    advance(6)
    (dead,) = drain_subscription("topic-expire", "dead", **DEAD)
    eq((str(dead), dead.dead_letter_reason), ("late", "TTLExpiredException"))


@feature("expiry: a locked message may still be completed", moves_clock=True)
def expire_locked():
    send("expire-locked", Message("x", time_to_live=seconds(5)))
    with client.get_queue_receiver("expire-locked") as receiver:
        message = one(receiver)
        advance(6)
        receiver.complete_message(message)
        nothing(receiver)
