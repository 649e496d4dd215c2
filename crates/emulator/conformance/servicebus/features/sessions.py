"""Sessions: who holds one, what it remembers, and what the loss of its lock does."""

import threading
import time

from azure.servicebus import NEXT_AVAILABLE_SESSION as NEXT, ServiceBusMessage as Message
from azure.servicebus.exceptions import (
    OperationTimeoutError,
    ServiceBusError,
    SessionCannotBeLockedError,
    SessionLockLostError,
)
from features.bus import DEAD, DELETE, bodies, client, drain, impatient, nothing, one, rest
from features.bus import seconds, send, take
from runner import advance, emulator_now, eq, feature, refused


def session(queue, session_id, **options):
    return client.get_queue_receiver(queue, session_id=session_id, **options)


@feature("sessions: a receiver gets its own session's messages, in order")
def own_messages():
    for number in range(4):
        for name in ("own-a", "own-b"):
            send("sessions", Message(f"{name}{number}", session_id=name))
    for name in ("own-a", "own-b"):
        with session("sessions", name, **DELETE) as receiver:
            eq(receiver.session.session_id, name, "session_id")
            found = rest(receiver)
        eq(bodies(found), [f"{name}{number}" for number in range(4)])
        eq({message.session_id for message in found}, {name}, "session_id")


@feature("sessions: messages are completed, abandoned and dead-lettered in one")
def settled():
    messages = [Message(word, session_id="settled") for word in ("done", "bad", "again")]
    send("sessions-settled", *messages)
    with session("sessions-settled", "settled") as receiver:
        done, bad, again = take(receiver, 3)
        receiver.complete_message(done)
        receiver.dead_letter_message(bad, reason="why")
        receiver.abandon_message(again)
        again = one(receiver)
        eq((str(again), again.delivery_count), ("again", 1))
        receiver.complete_message(again)
        nothing(receiver)
    (dead,) = drain("sessions-settled", **DEAD)
    eq((dead.session_id, dead.dead_letter_reason), ("settled", "why"))


@feature("sessions: the next available one is a session with messages")
def next_available():
    send("sessions-next", Message("x", session_id="next-1"))
    with session("sessions-next", NEXT, max_wait_time=5, **DELETE) as receiver:
        eq(receiver.session.session_id, "next-1", "session_id")
        eq(bodies(rest(receiver)), ["x"])


@feature("sessions: with none available the wait ends in a timeout")
def none_available():
    started = time.monotonic()
    with refused(OperationTimeoutError):
        with impatient() as bus:
            with bus.get_queue_receiver("sessions-none", session_id=NEXT, max_wait_time=1):
                pass
    assert 0.8 < time.monotonic() - started < 20, "the wait was not kept"


@feature("sessions: the wait for the next ends with the first message of one")
def wait_for_next():
    later = threading.Timer(1, send, ["sessions-wait", Message("x", session_id="late")])
    later.start()
    with session("sessions-wait", NEXT, max_wait_time=20, **DELETE) as receiver:
        eq(receiver.session.session_id, "late", "session_id")
        eq(bodies(rest(receiver)), ["x"])
    later.join()


@feature("sessions: one that is held elsewhere cannot be locked, and is free once closed")
def held_elsewhere():
    send("sessions", Message("x", session_id="held"))
    with session("sessions", "held"):
        with refused(SessionCannotBeLockedError):
            with impatient() as bus, bus.get_queue_receiver("sessions", session_id="held"):
                pass
    with session("sessions", "held", **DELETE) as receiver:
        eq(bodies(rest(receiver)), ["x"])


@feature("sessions: next available passes over those that are held")
def next_passes_over():
    for name in ("over-a", "over-b"):
        send("sessions-over", Message(name, session_id=name))
    with session("sessions-over", NEXT, max_wait_time=5, **DELETE) as first:
        with session("sessions-over", NEXT, max_wait_time=5, **DELETE) as second:
            found = bodies([one(first), one(second)])
            eq(found, [first.session.session_id, second.session.session_id])
    eq(sorted(found), ["over-a", "over-b"])


@feature("sessions: state is none at first, survives a new receiver, and is cleared")
def state():
    with session("sessions", "state") as receiver:
        eq(receiver.session.get_state(), None, "state at first")
        receiver.session.set_state(b"\x00\xff state")
        eq(receiver.session.get_state(), b"\x00\xff state", "state")
    with session("sessions", "state") as receiver:
        eq(receiver.session.get_state(), b"\x00\xff state", "state in a new receiver")
        receiver.session.set_state(None)
        eq(receiver.session.get_state(), None, "state at last")


@feature("sessions: renewing a lock puts its end off", moves_clock=True)
def renew():
    with session("sessions-short", "renewed") as receiver:
        left = receiver.session.locked_until_utc - emulator_now()
        assert seconds(2) < left <= seconds(5), f"{left} of 5 seconds are left"
        before = receiver.session.locked_until_utc
        for _ in range(3):
            advance(3)
            renewed = receiver.session.renew_lock()
        assert before + seconds(9) <= renewed, f"the lock ends at {renewed}"


@feature("sessions: a lost lock fails what follows, and a new receiver goes on", moves_clock=True)
def lock_lost():
    send("sessions-short", Message("x", session_id="lost"))
    with session("sessions-short", "lost") as receiver:
        message = one(receiver)
        advance(6)
        with refused(SessionLockLostError):
            receiver.complete_message(message)
    with session("sessions-short", "lost") as receiver:
        message = one(receiver)
        eq(message.delivery_count, 1, "delivery_count")
        receiver.complete_message(message)
        nothing(receiver)


@feature("sessions: a lost lock fails state and renewal", moves_clock=True)
def lock_lost_state():
    with session("sessions-short", "lost-state") as receiver:
        advance(6)
        with refused(SessionLockLostError):
            receiver.session.set_state(b"late")
        with refused(SessionLockLostError):
            receiver.session.renew_lock()


@feature("sessions: peek shows one session's messages")
def peek():
    send("sessions", Message("mine", session_id="peek-a"), Message("other", session_id="peek-b"))
    with session("sessions", "peek-a") as receiver:
        eq(bodies(receiver.peek_messages(10, sequence_number=1)), ["mine"])
    for name in ("peek-a", "peek-b"):
        with session("sessions", name, **DELETE) as receiver:
            eq(len(rest(receiver)), 1, "messages")


@feature("sessions: a deferred message is had by number in its session")
def defer():
    send("sessions", Message("later", session_id="defer"))
    with session("sessions", "defer") as receiver:
        message = one(receiver)
        receiver.defer_message(message)
        nothing(receiver)
    with session("sessions", "defer") as receiver:
        (message,) = receiver.receive_deferred_messages(message.sequence_number)
        eq(str(message), "later")
        receiver.complete_message(message)


@feature("sessions: max delivery count sends a message to the dead letters")
def poison():
    send("sessions-poison", Message("bad", session_id="p"), Message("good", session_id="p"))
    with session("sessions-poison", "p") as receiver:
        for count in range(2):
            message = one(receiver)
            eq((str(message), message.delivery_count), ("bad", count))
            receiver.abandon_message(message)
        message = one(receiver)
        eq(str(message), "good")
        receiver.complete_message(message)
    (dead,) = drain("sessions-poison", **DEAD)
    eq((dead.session_id, dead.dead_letter_reason), ("p", "MaxDeliveryCountExceeded"))


@feature("sessions: 25 of them are drained by taking the next, each in order")
def many():
    for number in range(4):
        with client.get_queue_sender("sessions-many") as sender:
            batch = [Message(str(number), session_id=f"many-{name}") for name in range(25)]
            sender.send_messages(batch)
    found = {}
    for _ in range(25):
        with session("sessions-many", NEXT, max_wait_time=10, **DELETE) as receiver:
            found[receiver.session.session_id] = bodies(take(receiver, 4))
    eq(len(found), 25, "sessions")
    eq(set(map(tuple, found.values())), {("0", "1", "2", "3")})


@feature("sessions: a receiver without one is refused")
def without():
    with impatient() as bus, refused(ServiceBusError, "session"):
        with bus.get_queue_receiver("sessions") as receiver:
            receiver.receive_messages(max_wait_time=1)


@feature("sessions: a queue without sessions has none to accept")
def not_a_session_queue():
    with impatient() as bus, refused(ServiceBusError, "session"):
        with bus.get_queue_receiver("clients", session_id="any"):
            pass


@feature("sessions: a closed receiver frees its messages' locks with the session")
def closing_frees():
    send("sessions", Message("x", session_id="freed"))
    with session("sessions", "freed") as receiver:
        one(receiver)
    with session("sessions", "freed") as receiver:
        message = one(receiver)
        eq(message.delivery_count, 0, "delivery_count")
        receiver.complete_message(message)
