"""Queues, topics and subscriptions: made, read, changed, listed and removed."""

from azure.servicebus import ServiceBusMessage as Message
from azure.servicebus.management import EntityStatus
from admin_features.client import admin, answers, fresh
from features.bus import seconds, send
from runner import advance, eq, feature

FOREVER_DAYS = 10675199


def subset(found, expected):
    """The properties of `expected`, as they were found."""
    return {name: getattr(found, name) for name in expected}


@feature("queue: what is not said is as Azure has it")
def queue_defaults():
    name = fresh("q")
    admin.create_queue(name)
    expected = {
        "name": name,
        "lock_duration": seconds(60),
        "max_delivery_count": 10,
        "max_size_in_megabytes": 1024,
        "requires_session": False,
        "requires_duplicate_detection": False,
        "dead_lettering_on_message_expiration": False,
        "forward_to": None,
        "status": EntityStatus.ACTIVE,
        "max_message_size_in_kilobytes": 256,
    }
    found = admin.get_queue(name)
    eq(subset(found, expected), expected)
    eq(found.default_message_time_to_live.days, FOREVER_DAYS, "days to live")


@feature("queue: every property is kept")
def queue_properties():
    name, onward = fresh("q"), fresh("q")
    admin.create_queue(onward)
    sent = {
        "lock_duration": seconds(30),
        "max_delivery_count": 3,
        "max_size_in_megabytes": 2048,
        "requires_duplicate_detection": True,
        "duplicate_detection_history_time_window": seconds(300),
        "dead_lettering_on_message_expiration": True,
        "default_message_time_to_live": seconds(3600),
        "user_metadata": "a <note> & more",
    }
    created = admin.create_queue(name, forward_dead_lettered_messages_to=onward, **sent)
    eq(subset(created, sent), sent, "as it was made")
    found = admin.get_queue(name)
    eq(subset(found, sent), sent, "as it was read")
    eq(found.forward_dead_lettered_messages_to.rsplit("/", 1)[1], onward, "forwarding")


@feature("queue: a name with slashes, and in either case")
def queue_names():
    name = f"a/b/{fresh('q')}"
    admin.create_queue(name)
    eq(admin.get_queue(name.upper()).name, name.upper(), "the name that was asked for")
    with answers(409, "40900"):
        admin.create_queue(name.upper())
    admin.delete_queue(name)


@feature("queue: one that is there cannot be made, one that is not cannot be read, changed, removed")
def queue_presence():
    name = fresh("q")
    created = admin.create_queue(name)
    with answers(409):
        admin.create_queue(name)
    with answers(409):
        admin.create_topic(name)
    admin.delete_queue(name)
    with answers(404):
        admin.get_queue(name)
    with answers(404):
        admin.get_queue_runtime_properties(name)
    with answers(404):
        admin.delete_queue(name)
    with answers(404):
        admin.update_queue(created)


@feature("queue: a change is kept")
def queue_update():
    name = fresh("q")
    found = admin.create_queue(name, requires_duplicate_detection=True)
    found.lock_duration = seconds(10)
    found.max_delivery_count = 7
    found.duplicate_detection_history_time_window = seconds(60)
    admin.update_queue(found, user_metadata="changed")
    changed = admin.get_queue(name)
    eq((changed.lock_duration, changed.max_delivery_count), (seconds(10), 7))
    eq(changed.duplicate_detection_history_time_window, seconds(60), "window")
    eq(changed.user_metadata, "changed", "user_metadata")
    runtime = admin.get_queue_runtime_properties(name)
    assert runtime.created_at_utc <= runtime.updated_at_utc, "it changed before it was made"


@feature("queue: what is fixed once it is made cannot be changed")
def queue_immutable():
    found = admin.create_queue(fresh("q"))
    for name in ("requires_session", "requires_duplicate_detection"):
        with answers(400, "cannot be changed"):
            admin.update_queue(found, **{name: True})


@feature("queue: what cannot be is refused")
def queue_invalid():
    for wrong, words in (
        ({"lock_duration": seconds(301)}, "LockDuration"),
        ({"max_delivery_count": 0}, "MaxDeliveryCount"),
        ({"default_message_time_to_live": seconds(0)}, "DefaultMessageTimeToLive"),
        ({"duplicate_detection_history_time_window": seconds(1)}, "20 seconds"),
        ({"user_metadata": "x" * 1025}, "UserMetadata"),
        ({"forward_to": fresh("nowhere")}, "not there"),
    ):
        with answers(400, words):
            admin.create_queue(fresh("q"), requires_duplicate_detection=True, **wrong)
    for name in ("q" * 261, "a b"):
        with answers(400, "longer than 260"):
            admin.create_queue(name)
    name = fresh("q")
    with answers(400, "itself"):
        admin.create_queue(name, forward_to=name)


@feature("queue: one that is to go when it is idle goes, unless it is used", moves_clock=True)
def queue_idle():
    idle, used = fresh("q"), fresh("q")
    for name in (idle, used):
        found = admin.create_queue(name, auto_delete_on_idle=seconds(300))
        eq(found.auto_delete_on_idle, seconds(300), "auto_delete_on_idle")
    with answers(400, "5 minutes"):
        admin.create_queue(fresh("q"), auto_delete_on_idle=seconds(299))
    advance(200)
    send(used, Message("x"))
    advance(101)
    with answers(404):
        admin.get_queue(idle)
    admin.get_queue(used)
    advance(300)
    with answers(404):
        admin.get_queue(used)


@feature("queue, topic, subscription: what is kept for the administrator alone")
def hints():
    name = fresh("x")
    no = {"enable_batched_operations": False}
    admin.create_topic(name, support_ordering=False, **no)
    admin.create_subscription(name, "s", dead_lettering_on_filter_evaluation_exceptions=False, **no)
    topic, subscription = admin.get_topic(name), admin.get_subscription(name, "s")
    queue = admin.create_queue(fresh("q"), **no)
    for found in (topic, subscription, queue):
        eq(found.enable_batched_operations, False)
    eq(topic.support_ordering, False, "support_ordering")
    eq(subscription.dead_lettering_on_filter_evaluation_exceptions, False)


@feature("queue: partitioned and express ones are refused by name")
def queue_unserved():
    for wrong in ("enable_partitioning", "enable_express"):
        with answers(400, "not served"):
            admin.create_queue(fresh("q"), **{wrong: True})


@feature("list: every queue once, over several pages")
def queue_list():
    names = {f"{fresh('listed')}-{number}" for number in range(120)}
    for name in names:
        admin.create_queue(name)
    found = [queue.name for queue in admin.list_queues() if queue.name.startswith("listed-")]
    eq(len(found), 120, "queues")
    eq(set(found), names)
    counted = [it.name for it in admin.list_queues_runtime_properties()]
    assert names <= set(counted), "some have no runtime properties"
    for name in names:
        admin.delete_queue(name)


@feature("list: what the configuration has made is there too")
def configured():
    assert {"send-one", "sessions"} <= {queue.name for queue in admin.list_queues()}
    assert "fan-out" in {topic.name for topic in admin.list_topics()}
    found = {it.name for it in admin.list_subscriptions("fan-out")}
    eq(found, {"one", "two", "three"})
    eq(admin.get_queue("sessions").requires_session, True, "requires_session")
    (rule,) = admin.list_rules("filters", "sql")
    eq(rule.action.sql_expression.startswith("SET seen"), True, "its action")


@feature("topic: made, read, changed, removed, with its subscriptions")
def topic():
    name = fresh("t")
    sent = {
        "requires_duplicate_detection": True,
        "duplicate_detection_history_time_window": seconds(60),
        "default_message_time_to_live": seconds(600),
        "max_size_in_megabytes": 2048,
        "user_metadata": "topic",
    }
    eq(subset(admin.create_topic(name, **sent), sent), sent)
    admin.create_subscription(name, "s")
    found = admin.get_topic(name)
    found.default_message_time_to_live = seconds(60)
    admin.update_topic(found)
    eq(admin.get_topic(name).default_message_time_to_live, seconds(60), "time to live")
    eq(admin.get_topic_runtime_properties(name).subscription_count, 1, "subscription_count")
    with answers(400, "cannot be changed"):
        admin.update_topic(found, requires_duplicate_detection=False)
    admin.delete_topic(name)
    with answers(404):
        admin.get_topic(name)
    with answers(404):
        admin.get_subscription(name, "s")


@feature("subscription: made, read, changed, listed, removed")
def subscription():
    name, onward = fresh("t"), fresh("q")
    admin.create_topic(name)
    admin.create_queue(onward)
    sent = {
        "lock_duration": seconds(20),
        "max_delivery_count": 4,
        "default_message_time_to_live": seconds(600),
        "dead_lettering_on_message_expiration": True,
        "user_metadata": "subscription",
    }
    eq(subset(admin.create_subscription(name, "s", **sent), sent), sent)
    admin.create_subscription(name, "with-sessions", requires_session=True)
    with answers(409):
        admin.create_subscription(name, "S")
    found = admin.get_subscription(name, "s")
    eq(subset(found, sent), sent)
    found.max_delivery_count = 5
    admin.update_subscription(name, found, forward_to=onward)
    changed = admin.get_subscription(name, "s")
    eq(changed.max_delivery_count, 5, "max_delivery_count")
    eq(changed.forward_to.rsplit("/", 1)[1], onward, "forward_to")
    eq([it.name for it in admin.list_subscriptions(name)], ["s", "with-sessions"])
    with answers(400, "cannot be changed"):
        admin.update_subscription(name, found, requires_session=True)
    admin.delete_subscription(name, "s")
    eq([it.name for it in admin.list_subscriptions(name)], ["with-sessions"])
    with answers(404):
        admin.delete_subscription(name, "s")


@feature("subscription: not of a topic that is not there, nor with too long a name")
def subscription_refused():
    with answers(404):
        admin.create_subscription(fresh("nowhere"), "s")
    name = fresh("t")
    admin.create_topic(name)
    with answers(400, "longer than 50"):
        admin.create_subscription(name, "s" * 51)


@feature("namespace: its name and kind")
def namespace():
    found = admin.get_namespace_properties()
    eq((found.name, found.messaging_sku), ("sbemulatorns", "Standard"))
