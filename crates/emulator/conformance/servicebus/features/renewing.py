"""Locks that the SDK renews by itself, in real time."""

import time

from azure.servicebus import AutoLockRenewer, ServiceBusMessage as Message
from features.bus import client, one, send
from features.shared import WORK_SECONDS
from runner import eq, feature


@feature("renewer: keeps a message's lock while it is worked on")
def renewed_message():
    send("lock-auto-renew", Message("slow"))
    with AutoLockRenewer() as renewer, client.get_queue_receiver("lock-auto-renew") as receiver:
        message = one(receiver)
        until = message.locked_until_utc
        renewer.register(receiver, message, max_lock_renewal_duration=60)
        time.sleep(WORK_SECONDS)
        assert until < message.locked_until_utc, "the lock was not renewed"
        receiver.complete_message(message)
        eq(receiver.peek_messages(), [])


@feature("renewer: keeps a session's lock while it is worked on")
def renewed_session():
    send("sessions-auto-renew", Message("slow", session_id="slow"))
    with AutoLockRenewer() as renewer:
        options = {"session_id": "slow", "auto_lock_renewer": renewer}
        with client.get_queue_receiver("sessions-auto-renew", **options) as receiver:
            until = receiver.session.locked_until_utc
            message = one(receiver)
            time.sleep(WORK_SECONDS)
            assert until < receiver.session.locked_until_utc, "the lock was not renewed"
            receiver.complete_message(message)
