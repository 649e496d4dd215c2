"""Shorthand over the asynchronous client: each feature has one of its own, and its own loop."""

import contextlib

import runner
from azure.servicebus import ServiceBusMessage as Message
from azure.servicebus.aio import ServiceBusClient
from features.bus import ABSENT, DELETE, IMPATIENT, PRESENT, QUICK
from runner import CONNECTION, eq


def feature(name, moves_clock=False, options=QUICK):
    """Adds a coroutine function of a bus to the features under this name."""

    def add(check):
        async def with_client():
            async with ServiceBusClient.from_connection_string(CONNECTION, **options) as client:
                await check(Bus(client))

        runner.feature(name, moves_clock)(with_client)
        return check

    return add


@contextlib.asynccontextmanager
async def impatient(connection=CONNECTION):
    """A bus whose client reports the first failure."""
    async with ServiceBusClient.from_connection_string(connection, **IMPATIENT) as client:
        yield Bus(client)


class Bus:
    """A client, and what features do with it. An entity is a queue, or `topic/subscription`."""

    def __init__(self, client):
        self.client = client

    def receiver(self, entity, **options):
        topic, _, subscription = entity.partition("/")
        if subscription:
            return self.client.get_subscription_receiver(topic, subscription, **options)
        return self.client.get_queue_receiver(entity, **options)

    def sender(self, entity):
        return self.client.get_queue_sender(entity)

    async def send(self, entity, *messages):
        """Sends each message by itself; a topic is sent to as a queue is."""
        async with self.sender(entity) as sender:
            for message in messages:
                await sender.send_messages(message)

    async def send_numbers(self, entity, count, **options):
        """One list of messages, numbered from 0."""
        async with self.sender(entity) as sender:
            await sender.send_messages([Message(str(number), **options) for number in range(count)])

    async def drain(self, entity, **options):
        """Everything in a queue or subscription, taken away."""
        async with self.receiver(entity, **DELETE, **options) as receiver:
            return await rest(receiver)


async def take(receiver, count):
    """`count` messages, in however many pages they come."""
    found = []
    while len(found) < count:
        page = await receiver.receive_messages(count - len(found), max_wait_time=PRESENT)
        assert page, f"{len(found)} messages came, not {count}"
        found += page
    return found


async def one(receiver):
    (message,) = await take(receiver, 1)
    return message


async def nothing(receiver):
    eq(await receiver.receive_messages(1, max_wait_time=ABSENT), [])


async def rest(receiver):
    found = []
    while page := await receiver.receive_messages(100, max_wait_time=ABSENT):
        found += page
    return found
