"""Both receive modes, waiting, prefetch, iterators, competing and closing receivers."""

import threading
import time

from azure.servicebus import ServiceBusMessage as Message
from azure.servicebus.exceptions import MessagingEntityNotFoundError, ServiceBusError
from features.bus import DELETE, bodies, client, drain, impatient, nothing, now, one, rest
from features.bus import seconds, send, take
from runner import eq, feature, refused


@feature("receive: an empty queue gives an empty list when the wait is over")
def receive_empty():
    with client.get_queue_receiver("receive-empty") as receiver:
        started = time.monotonic()
        eq(receiver.receive_messages(5, max_wait_time=1), [])
        assert 0.8 < time.monotonic() - started < 5, "the wait was not kept"


@feature("receive: no more messages come than were asked for")
def receive_count():
    send("receive-count", *[Message(str(number)) for number in range(6)])
    with client.get_queue_receiver("receive-count", **DELETE) as receiver:
        eq(bodies(take(receiver, 4)), ["0", "1", "2", "3"])
        eq(bodies(take(receiver, 2)), ["4", "5"])
        nothing(receiver)


@feature("receive: receive-and-delete leaves nothing and settles nothing")
def receive_delete():
    send("receive-delete", Message("gone"))
    with client.get_queue_receiver("receive-delete", **DELETE) as receiver:
        message = one(receiver)
        eq(message.locked_until_utc, None, "locked_until_utc")
        with refused(ValueError):
            receiver.complete_message(message)
    with client.get_queue_receiver("receive-delete") as receiver:
        nothing(receiver)
        eq(receiver.peek_messages(), [])


@feature("receive: a message that is sent meanwhile ends the wait")
def receive_waiting():
    later = threading.Timer(0.5, send, ["receive-waiting", Message("late")])
    with client.get_queue_receiver("receive-waiting", **DELETE) as receiver:
        started = time.monotonic()
        later.start()
        found = receiver.receive_messages(1, max_wait_time=20)
        eq(bodies(found), ["late"])
        assert time.monotonic() - started < 10, "the wait went on"
    later.join()


@feature("receive: competing receivers share the messages, each to one")
def receive_competing():
    send("receive-competing", *[Message(str(number)) for number in range(8)])
    with client.get_queue_receiver("receive-competing") as first:
        with client.get_queue_receiver("receive-competing") as second:
            found = []
            for _ in range(4):
                for receiver in (first, second):
                    message = one(receiver)
                    receiver.complete_message(message)
                    found.append(str(message))
            nothing(first)
            nothing(second)
    eq(sorted(found), [str(number) for number in range(8)])


@feature("receive: an iterator gives all and ends when the wait is over")
def receive_iterator():
    send("receive-iterator", *[Message(str(number)) for number in range(5)])
    with client.get_queue_receiver("receive-iterator", max_wait_time=1) as receiver:
        found = []
        for message in receiver:
            found.append(str(message))
            receiver.complete_message(message)
    eq(found, ["0", "1", "2", "3", "4"])
    eq(drain("receive-iterator"), [], "what is left")


@feature("receive: prefetched messages that were not asked for go back on closing")
def receive_prefetch():
    send("receive-prefetch", *[Message(str(number)) for number in range(10)])
    with client.get_queue_receiver("receive-prefetch", prefetch_count=10) as receiver:
        message = one(receiver)
        eq(str(message), "0")
        receiver.complete_message(message)
    with client.get_queue_receiver("receive-prefetch", prefetch_count=10) as receiver:
        found = take(receiver, 9)
        for message in found:
            receiver.complete_message(message)
    eq(sorted(bodies(found)), [str(number) for number in range(1, 10)])
    eq({message.delivery_count for message in found}, {0}, "delivery_count")
    eq(drain("receive-prefetch"), [], "what is left")


@feature("receive: closing a receiver keeps its locks")
def receive_close():
    send("receive-close", Message("held"))
    with client.get_queue_receiver("receive-close") as receiver:
        message = one(receiver)
    with client.get_queue_receiver("receive-close") as receiver:
        nothing(receiver)
        eq(bodies(receiver.peek_messages()), ["held"])
    assert message.locked_until_utc > now() + seconds(30), "the lock is not a minute long"


@feature("receive: a receiver closed while it waits loses no message")
def receive_closing():
    receiver = client.get_queue_receiver("receive-closing")
    ended = threading.Event()

    def wait():
        try:
            receiver.receive_messages(1, max_wait_time=30)
        except (ServiceBusError, ValueError, AttributeError, OSError):
            pass  # How the SDK ends a wait that is closed from outside is its own affair.
        ended.set()

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    time.sleep(0.5)
    receiver.close()
    assert ended.wait(15), "the wait goes on"
    send("receive-closing", Message("kept"))
    eq(bodies(drain("receive-closing")), ["kept"])


@feature("receive: 2,000 messages come in order, every one once")
def receive_many():
    with client.get_queue_sender("receive-many") as sender:
        for start in range(0, 2000, 100):
            sender.send_messages([Message(str(start + number)) for number in range(100)])
    with client.get_queue_receiver("receive-many", prefetch_count=200, **DELETE) as receiver:
        found = take(receiver, 2000)
        eq(rest(receiver), [], "what is left")
    eq(bodies(found), [str(number) for number in range(2000)])


@feature("receive: an unknown queue or subscription is not found")
def receive_not_found():
    with impatient() as bus:
        with refused(MessagingEntityNotFoundError):
            with bus.get_queue_receiver("no-such-queue") as receiver:
                receiver.receive_messages(max_wait_time=1)
        with refused(MessagingEntityNotFoundError):
            with bus.get_subscription_receiver("fan-out", "no-such") as receiver:
                receiver.receive_messages(max_wait_time=1)


@feature("receive: a name counts the same in either case")
def receive_case():
    send("CLIENTS", Message("same"))
    eq(bodies(drain("Clients")), ["same"])
