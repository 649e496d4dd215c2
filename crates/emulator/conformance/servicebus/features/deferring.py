"""Deferred, scheduled and peeked messages."""

from azure.servicebus import ServiceBusMessage as Message, ServiceBusMessageState as State
from azure.servicebus.exceptions import MessageNotFoundError
from features.bus import DEAD, DELETE, bodies, client, drain, nothing, now, one, publish, send
from features.bus import drain_subscription, seconds, take
from runner import advance, emulator_now, eq, feature, refused


def deferred(queue, *messages):
    """Sends messages, defers them all, and returns their numbers."""
    send(queue, *messages)
    with client.get_queue_receiver(queue) as receiver:
        found = take(receiver, len(messages))
        for message in found:
            receiver.defer_message(message)
        nothing(receiver)
    return [message.sequence_number for message in found]


@feature("defer: a deferred message is had by its number alone")
def defer():
    (number,) = deferred("defer", Message("later", message_id="d-1"))
    with client.get_queue_receiver("defer") as receiver:
        (message,) = receiver.receive_deferred_messages(number)
        eq((str(message), message.message_id), ("later", "d-1"))
        eq(message.state, State.DEFERRED, "state")
        eq(message.sequence_number, number, "sequence_number")
        receiver.complete_message(message)
        with refused(MessageNotFoundError):
            receiver.receive_deferred_messages(number)


@feature("defer: several come by their numbers, in the order asked")
def defer_many():
    numbers = deferred("defer-many", Message("a"), Message("b"), Message("c"))
    with client.get_queue_receiver("defer-many") as receiver:
        asked = [numbers[2], numbers[0], numbers[1]]
        found = receiver.receive_deferred_messages(asked)
        eq(sorted(bodies(found)), ["a", "b", "c"])
        for message in found:
            receiver.complete_message(message)


@feature("defer: a number that was never given is not found")
def defer_unknown():
    with client.get_queue_receiver("defer-unknown") as receiver:
        with refused(MessageNotFoundError):
            receiver.receive_deferred_messages(999_999)
        send("defer-unknown", Message("active"))
        number = receiver.peek_messages()[0].sequence_number
        with refused(MessageNotFoundError):
            receiver.receive_deferred_messages(number)
    eq(len(drain("defer-unknown")), 1, "messages")


@feature("defer: a deferred message outlives its time, to be peeked at only", moves_clock=True)
def defer_expire():
    (number,) = deferred("defer-expire", Message("later"))
    advance(6)
    with client.get_queue_receiver("defer-expire") as receiver:
        (message,) = receiver.peek_messages()
        eq((message.sequence_number, message.state), (number, State.DEFERRED))
        eq(message.time_to_live, seconds(5), "time_to_live")
        with refused(MessageNotFoundError):
            receiver.receive_deferred_messages(number)
    eq(drain("defer-expire", **DEAD), [], "dead letters")


@feature("defer: an abandoned deferred message stays deferred, or is dead-lettered")
def defer_settle():
    (number,) = deferred("defer-settle", Message("later"))
    with client.get_queue_receiver("defer-settle") as receiver:
        (message,) = receiver.receive_deferred_messages(number)
        receiver.abandon_message(message)
        nothing(receiver)
        (message,) = receiver.receive_deferred_messages(number)
        receiver.dead_letter_message(message, reason="enough", error_description="at last")
    (dead,) = drain("defer-settle", **DEAD)
    eq((dead.dead_letter_reason, dead.dead_letter_error_description), ("enough", "at last"))


@feature("defer: a deferred message may be received and deleted")
def defer_delete():
    (number,) = deferred("defer-delete", Message("later"))
    with client.get_queue_receiver("defer-delete", **DELETE) as receiver:
        eq(bodies(receiver.receive_deferred_messages(number)), ["later"])
        with refused(MessageNotFoundError):
            receiver.receive_deferred_messages(number)


@feature("schedule: a message comes at its time and not before", moves_clock=True)
def schedule():
    with client.get_queue_sender("schedule") as sender:
        (number,) = sender.schedule_messages(Message("later"), emulator_now() + seconds(100))
    with client.get_queue_receiver("schedule", **DELETE) as receiver:
        nothing(receiver)
        (waiting,) = receiver.peek_messages()
        eq(waiting.state, State.SCHEDULED, "state")
        eq(waiting.sequence_number, number, "sequence_number")
        advance(101)
        message = one(receiver)
    eq(str(message), "later")
    eq(message.state, State.ACTIVE, "state")
    assert message.scheduled_enqueue_time_utc, "it does not say when it was due"


@feature("schedule: a list gets a number each")
def schedule_list():
    with client.get_queue_sender("schedule-list") as sender:
        messages = [Message(str(number)) for number in range(5)]
        numbers = sender.schedule_messages(messages, now() + seconds(3600))
        eq(len(set(numbers)), 5, "numbers")
        sender.cancel_scheduled_messages(numbers)
    with client.get_queue_receiver("schedule-list") as receiver:
        eq(receiver.peek_messages(), [])


@feature("schedule: a cancelled message never comes, and is cancelled once", moves_clock=True)
def cancel():
    with client.get_queue_sender("schedule-cancel") as sender:
        messages = [Message("never"), Message("comes")]
        first, _ = sender.schedule_messages(messages, emulator_now() + seconds(20))
        sender.cancel_scheduled_messages(first)
        with refused(MessageNotFoundError):
            sender.cancel_scheduled_messages(first)
    advance(21)
    eq(bodies(drain("schedule-cancel")), ["comes"])


@feature("schedule: the annotation on a plain send does it too")
def annotation():
    later = now() + seconds(3600)
    send("schedule-annotation", Message("later", scheduled_enqueue_time_utc=later))
    with client.get_queue_receiver("schedule-annotation") as receiver:
        nothing(receiver)
        (waiting,) = receiver.peek_messages()
        eq(waiting.state, State.SCHEDULED, "state")
        found = waiting.scheduled_enqueue_time_utc
        assert abs(found - later) < seconds(0.01), f"it is due at {found}, not {later}"
    with client.get_queue_sender("schedule-annotation") as sender:
        sender.cancel_scheduled_messages(waiting.sequence_number)


@feature("schedule: a time that is past is now")
def past():
    with client.get_queue_sender("schedule-past") as sender:
        sender.schedule_messages(Message("now"), now() - seconds(60))
    eq(bodies(drain("schedule-past")), ["now"])


@feature("schedule: on a topic, for its subscriptions", moves_clock=True)
def schedule_topic():
    later = emulator_now() + seconds(20)
    publish("topic-schedule", Message("later", scheduled_enqueue_time_utc=later))
    eq(drain_subscription("topic-schedule", "all"), [], "before its time")
    advance(21)
    eq(bodies(drain_subscription("topic-schedule", "all")), ["later"])


@feature("peek: shows messages without locking or counting them")
def peek():
    send("peek", Message("a"), Message("b"))
    with client.get_queue_receiver("peek") as receiver:
        for _ in range(3):
            eq(bodies(receiver.peek_messages(10, sequence_number=1)), ["a", "b"])
        message = one(receiver)
        eq(message.delivery_count, 0, "delivery_count")
        eq(bodies(receiver.peek_messages(10, sequence_number=1)), ["a", "b"], "with one locked")
        receiver.complete_message(message)
    eq(bodies(drain("peek")), ["b"])


@feature("peek: goes on from a number")
def peek_from():
    send("peek-from", *[Message(str(number)) for number in range(6)])
    with client.get_queue_receiver("peek-from") as receiver:
        first = receiver.peek_messages(2)
        eq(bodies(first), ["0", "1"])
        then = first[-1].sequence_number + 1
        eq(bodies(receiver.peek_messages(2, sequence_number=then)), ["2", "3"])
        eq(bodies(receiver.peek_messages(10, sequence_number=then + 2)), ["4", "5"])
        eq(receiver.peek_messages(10, sequence_number=then + 4), [])
    drain("peek-from")


@feature("peek: an empty queue shows nothing")
def peek_empty():
    with client.get_queue_receiver("peek-empty") as receiver:
        eq(receiver.peek_messages(10), [])


@feature("peek: tells active, deferred and scheduled messages apart")
def peek_states():
    deferred("peek-states", Message("deferred"))
    later = now() + seconds(3600)
    send("peek-states", Message("active"), Message("later", scheduled_enqueue_time_utc=later))
    with client.get_queue_receiver("peek-states") as receiver:
        found = [(str(message), message.state) for message in receiver.peek_messages(10)]
    expected = [("deferred", State.DEFERRED), ("active", State.ACTIVE), ("later", State.SCHEDULED)]
    eq(found, expected)


@feature("peek: 150 requests on one receiver")
def peek_many():
    send("peek-many", Message("still here"))
    with client.get_queue_receiver("peek-many") as receiver:
        for _ in range(150):
            eq(bodies(receiver.peek_messages(sequence_number=1)), ["still here"])
    drain("peek-many")
