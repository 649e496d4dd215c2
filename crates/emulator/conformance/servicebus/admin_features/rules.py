"""Rules of subscriptions, as the administration client writes them."""

import datetime

from azure.servicebus.management import (
    CorrelationRuleFilter,
    FalseRuleFilter,
    SqlRuleAction,
    SqlRuleFilter,
    TrueRuleFilter,
)
from azure.servicebus import ServiceBusMessage as Message
from admin_features.client import admin, answers, fresh
from features.bus import bodies, drain_subscription, publish
from runner import eq, feature, properties


def subscribed(*names):
    """A new topic with these subscriptions."""
    topic = fresh("t")
    admin.create_topic(topic)
    for name in names:
        admin.create_subscription(topic, name)
    return topic


@feature("rules: a new subscription takes everything")
def default_rule():
    topic = subscribed("s")
    (rule,) = admin.list_rules(topic, "s")
    eq((rule.name, type(rule.filter), rule.action), ("$Default", TrueRuleFilter, None))


@feature("rules: every kind of filter comes back as it was sent")
def kinds():
    topic = subscribed("s")
    sent = {
        "sql": SqlRuleFilter("color = 'red' AND n < 5"),
        "all": SqlRuleFilter("1=1"),
        "true": TrueRuleFilter(),
        "false": FalseRuleFilter(),
        "correlation": CorrelationRuleFilter(label="order", to="x", content_type="text/plain"),
    }
    for name, filter in sent.items():
        admin.create_rule(topic, "s", name, filter=filter)
    found = {rule.name: rule.filter for rule in admin.list_rules(topic, "s")}
    eq(found["sql"].sql_expression, "color = 'red' AND n < 5", "sql")
    for name in ("all", "true", "false"):
        eq(type(found[name]), type(sent[name]), name)
    correlation = found["correlation"]
    eq((correlation.label, correlation.to, correlation.content_type), ("order", "x", "text/plain"))


@feature("rules: properties of a correlation filter keep their types")
def typed():
    topic = subscribed("s")
    at = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
    sent = {"text": "a & b", "number": 5, "fraction": 1.5, "yes": True, "at": at}
    admin.create_rule(topic, "s", "typed", filter=CorrelationRuleFilter(properties=sent))
    eq(dict(admin.get_rule(topic, "s", "typed").filter.properties), sent)


@feature("rules: filters and actions hold for what is sent")
def effective():
    topic = subscribed("red", "five")
    for name in ("red", "five"):
        admin.delete_rule(topic, name, "$Default")
    action = SqlRuleAction("SET seen = 'yes'")
    admin.create_rule(topic, "red", "r", filter=SqlRuleFilter("color = 'red'"), action=action)
    admin.create_rule(topic, "five", "r", filter=CorrelationRuleFilter(properties={"n": 5}))
    sent = ({"color": "red"}, {"n": 5}, {"n": 6})
    messages = [Message(str(it), application_properties=it) for it in sent]
    publish(topic, *messages)
    (red,) = drain_subscription(topic, "red")
    eq(properties(red), {"color": "red", "seen": "yes", "RuleName": "r"}, "properties")
    eq(bodies(drain_subscription(topic, "five")), [str({"n": 5})])


@feature("rules: parameters of filters and actions come back, and hold")
def parameters():
    topic = subscribed("s")
    admin.delete_rule(topic, "s", "$Default")
    at = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
    asked, given = {"@color": "red", "@n": 5, "@at": at}, {"@word": "yes"}
    filter = SqlRuleFilter("color = @color AND n > @n AND at = @at", parameters=asked)
    action = SqlRuleAction("SET seen = @word", parameters=given)
    admin.create_rule(topic, "s", "r", filter=filter, action=action)
    found = admin.get_rule(topic, "s", "r")
    eq((dict(found.filter.parameters), dict(found.action.parameters)), (asked, given))
    sent = [{"color": "red", "n": number, "at": at} for number in (5, 6)]
    publish(topic, *[Message(str(it["n"]), application_properties=it) for it in sent])
    (message,) = drain_subscription(topic, "s")
    eq((str(message), properties(message)["seen"]), ("6", "yes"))


@feature("rules: an action changes system properties, one statement after the other")
def statements():
    topic = subscribed("s")
    admin.delete_rule(topic, "s", "$Default")
    action = SqlRuleAction("SET sys.To = sys.Label + '!' SET Q = q / 2; SET half = q; REMOVE sys.Label")
    admin.create_rule(topic, "s", "first", filter=SqlRuleFilter("P('Q') = 10"), action=action)
    admin.create_rule(topic, "s", "second", filter=TrueRuleFilter(), action=SqlRuleAction("REMOVE q"))
    admin.create_rule(topic, "s", "third", filter=TrueRuleFilter())
    publish(topic, Message("x", subject="L", application_properties={"q": 10}))
    found = {properties(it).get("RuleName"): it for it in drain_subscription(topic, "s")}
    eq(set(found), {"first", "second", None}, "rules")
    first = found["first"]
    eq((first.to, first.subject), ("L!", None))
    eq(properties(first), {"q": 5, "half": 5, "RuleName": "first"}, "properties")
    eq(properties(found["second"]), {"RuleName": "second"}, "properties")
    eq((properties(found[None]), found[None].subject), ({"q": 10}, "L"))


@feature("rules: a change holds, and a rule that is removed is gone")
def update():
    topic = subscribed("s")
    rule = admin.get_rule(topic, "s", "$Default")
    rule.filter = SqlRuleFilter("color = 'blue'")
    rule.action = SqlRuleAction("REMOVE color")
    admin.update_rule(topic, "s", rule)
    found = admin.get_rule(topic, "s", "$Default")
    eq(found.filter.sql_expression, "color = 'blue'", "filter")
    eq(found.action.sql_expression, "REMOVE color", "action")
    admin.delete_rule(topic, "s", "$Default")
    with answers(404):
        admin.get_rule(topic, "s", "$Default")
    eq(list(admin.list_rules(topic, "s")), [])


@feature("rules: what is there, is not there, or cannot be, is refused")
def refusals():
    topic = subscribed("s")
    with answers(409):
        admin.create_rule(topic, "s", "$Default")
    with answers(404):
        admin.delete_rule(topic, "s", "none")
    with answers(404):
        admin.get_rule(topic, "none", "$Default")
    with answers(400, "position"):
        admin.create_rule(topic, "s", "broken", filter=SqlRuleFilter("color = "))
    with answers(400, "at least one"):
        admin.create_rule(topic, "s", "empty", filter=CorrelationRuleFilter())
    with answers(400, "no value"):
        admin.create_rule(topic, "s", "parameters", filter=SqlRuleFilter("n = @n"))
    with answers(400, "longer than 1024"):
        admin.create_rule(topic, "s", "long", filter=SqlRuleFilter("a = 1 OR " * 200 + "b = 1"))
