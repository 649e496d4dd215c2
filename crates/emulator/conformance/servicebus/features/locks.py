"""Locks on messages: how long they last, how they are renewed, and what their loss does."""

from azure.servicebus import ServiceBusMessage as Message
from azure.servicebus.exceptions import MessageLockLostError
from features.bus import DEAD, client, drain, nothing, one, seconds, send
from runner import advance, emulator_now, eq, feature, refused


@feature("lock: lasts as long as the queue says")
def duration():
    send("lock-duration", Message("x"))
    with client.get_queue_receiver("lock-duration") as receiver:
        message = one(receiver)
        left = message.locked_until_utc - emulator_now()
        assert seconds(20) < left <= seconds(30), f"{left} of 30 seconds are left"
        assert message.lock_token, "it has no token"
        receiver.complete_message(message)


@feature("lock: renewing it puts its end off", moves_clock=True)
def renew():
    send("lock-renew", Message("x"))
    with client.get_queue_receiver("lock-renew") as receiver:
        message = one(receiver)
        before = message.locked_until_utc
        for _ in range(3):
            advance(3)
            renewed = receiver.renew_message_lock(message)
        assert before + seconds(9) <= renewed, f"the lock ends at {renewed}"
        eq(message.locked_until_utc, renewed, "locked_until_utc")
        receiver.complete_message(message)
        nothing(receiver)


@feature("lock: once over, completing fails and the message comes again", moves_clock=True)
def expiry():
    send("lock-expiry", Message("x", message_id="l-1"))
    with client.get_queue_receiver("lock-expiry") as receiver:
        lost = one(receiver)
        advance(6)
        again = one(receiver)
        eq((again.message_id, again.delivery_count), ("l-1", 1))
        assert again.lock_token != lost.lock_token, "both have one token"
        with refused(MessageLockLostError):
            receiver.complete_message(lost)
        receiver.complete_message(again)
        nothing(receiver)


@feature("lock: once over, it cannot be renewed", moves_clock=True)
def renew_late():
    send("lock-renew-late", Message("x"))
    with client.get_queue_receiver("lock-renew-late") as receiver:
        message = one(receiver)
        advance(6)
        with refused(MessageLockLostError):
            receiver.renew_message_lock(message)
    drain("lock-renew-late")


@feature("lock: outlives its link, then the message comes again", moves_clock=True)
def outlives_link():
    send("lock-outlives-link", Message("x"))
    with client.get_queue_receiver("lock-outlives-link") as receiver:
        one(receiver)
    with client.get_queue_receiver("lock-outlives-link") as receiver:
        nothing(receiver)
        advance(6)
        message = one(receiver)
        eq(message.delivery_count, 1, "delivery_count")
        receiver.complete_message(message)


@feature("lock: losing it too often sends a message to the dead letters", moves_clock=True)
def lock_poison():
    send("lock-poison", Message("x"))
    with client.get_queue_receiver("lock-poison") as receiver:
        for count in range(2):
            eq(one(receiver).delivery_count, count, "delivery_count")
            advance(6)
        nothing(receiver)
    (dead,) = drain("lock-poison", **DEAD)
    eq(dead.dead_letter_reason, "MaxDeliveryCountExceeded", "reason")
