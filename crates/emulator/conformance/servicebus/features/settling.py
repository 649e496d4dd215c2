"""Complete, abandon and dead-letter, and how often a message comes."""

from azure.servicebus import ServiceBusMessage as Message
from azure.servicebus.exceptions import MessageAlreadySettled, ServiceBusError
from features.bus import DEAD, bodies, client, drain, nothing, one, send, take
from runner import eq, feature, properties, refused


@feature("settle: a completed message is gone")
def complete():
    send("settle-complete", Message("done"))
    with client.get_queue_receiver("settle-complete") as receiver:
        receiver.complete_message(one(receiver))
        nothing(receiver)
        eq(receiver.peek_messages(), [])


@feature("settle: a message is settled once")
def twice():
    send("settle-twice", Message("once"))
    with client.get_queue_receiver("settle-twice") as receiver:
        message = one(receiver)
        receiver.complete_message(message)
        with refused(MessageAlreadySettled):
            receiver.complete_message(message)


@feature("settle: messages are completed in any order")
def out_of_order():
    send("settle-out-of-order", *[Message(str(number)) for number in range(5)])
    with client.get_queue_receiver("settle-out-of-order") as receiver:
        found = take(receiver, 5)
        for index in (3, 0, 4):
            receiver.complete_message(found[index])
        for index in (2, 1):
            receiver.abandon_message(found[index])
    eq(bodies(drain("settle-out-of-order")), ["1", "2"])


@feature("settle: an abandoned message comes again and is counted")
def abandon():
    send("settle-abandon", Message("again", message_id="a-1"))
    with client.get_queue_receiver("settle-abandon") as receiver:
        counts = []
        for _ in range(3):
            message = one(receiver)
            counts.append((message.message_id, message.delivery_count))
            receiver.abandon_message(message)
        eq(counts, [("a-1", 0), ("a-1", 1), ("a-1", 2)])
        receiver.complete_message(one(receiver))


@feature("settle: max delivery count sends a message to the dead letters")
def poison():
    send("poison", Message("bad", message_id="p-1", application_properties={"kept": "yes"}))
    with client.get_queue_receiver("poison") as receiver:
        for count in range(3):
            message = one(receiver)
            eq(message.delivery_count, count, "delivery_count")
            receiver.abandon_message(message)
        nothing(receiver)
    (dead,) = drain("poison", **DEAD)
    eq(dead.message_id, "p-1", "message_id")
    eq(dead.dead_letter_reason, "MaxDeliveryCountExceeded", "reason")
    eq("3 delivery attempts" in dead.dead_letter_error_description, True, "words on 3 attempts")
    eq(properties(dead)["kept"], "yes", "kept")


@feature("settle: a dead letter carries reason and description")
def dead_letter():
    sent = Message("bad", message_id="d-1", subject="s", application_properties={"k": "v"})
    send("settle-dead-letter", sent)
    with client.get_queue_receiver("settle-dead-letter") as receiver:
        message = one(receiver)
        receiver.dead_letter_message(message, reason="why", error_description="because")
        nothing(receiver)
    (dead,) = drain("settle-dead-letter", **DEAD)
    eq(dead.dead_letter_reason, "why", "reason")
    eq(dead.dead_letter_error_description, "because", "description")
    eq((str(dead), dead.message_id, dead.subject), ("bad", "d-1", "s"))
    eq(dead.sequence_number, message.sequence_number, "sequence_number")
    expected = {"k": "v", "DeadLetterReason": "why", "DeadLetterErrorDescription": "because"}
    eq(properties(dead), expected, "properties")


@feature("settle: a dead letter may go without a reason")
def dead_letter_bare():
    send("settle-dead-letter-bare", Message("bad"))
    with client.get_queue_receiver("settle-dead-letter-bare") as receiver:
        receiver.dead_letter_message(one(receiver))
    (dead,) = drain("settle-dead-letter-bare", **DEAD)
    eq(str(dead), "bad")


@feature("dead letters: are locked and completed like other messages")
def dead_letter_complete():
    send("dead-letter-complete", Message("bad"))
    with client.get_queue_receiver("dead-letter-complete") as receiver:
        receiver.dead_letter_message(one(receiver), reason="why")
    with client.get_queue_receiver("dead-letter-complete", **DEAD) as dead:
        eq(bodies(dead.peek_messages()), ["bad"])
        message = one(dead)
        nothing(dead)
        dead.renew_message_lock(message)
        dead.complete_message(message)
        eq(dead.peek_messages(), [])


@feature("dead letters: may be abandoned any number of times")
def dead_letter_abandon():
    send("dead-letter-abandon", Message("bad"))
    with client.get_queue_receiver("dead-letter-abandon") as receiver:
        receiver.dead_letter_message(one(receiver), reason="why")
    with client.get_queue_receiver("dead-letter-abandon", **DEAD) as dead:
        for _ in range(15):
            dead.abandon_message(one(dead))
        left = one(dead)
        eq(left.dead_letter_reason, "why", "reason")
        dead.complete_message(left)


@feature("dead letters: cannot be dead-lettered again")
def dead_letter_again():
    send("dead-letter-again", Message("bad"))
    with client.get_queue_receiver("dead-letter-again") as receiver:
        receiver.dead_letter_message(one(receiver))
    with client.get_queue_receiver("dead-letter-again", **DEAD) as dead:
        with refused(ServiceBusError, "cannot be dead-lettered"):
            dead.dead_letter_message(one(dead))
    with client.get_queue_receiver("dead-letter-again", **DEAD) as dead:
        eq(bodies(dead.peek_messages()), ["bad"])
