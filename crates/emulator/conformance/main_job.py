"""The main job, seen by Microsoft's own SDKs: an order posted over HTTP arrives as a message and
stands as processed in the store.

Runs against `cargo xtask dev` as it is: API, COSMOS_ENDPOINT, COSMOS_KEY and SERVICEBUS_CONNECTION
default to where that listens. One named check a line, `N passed, N failed` at the end, exit 1 if
any failed.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid

from azure.cosmos import CosmosClient
from azure.servicebus import ServiceBusClient

API = os.environ.get("API", "http://127.0.0.1:7071")
COSMOS_ENDPOINT = os.environ.get("COSMOS_ENDPOINT", "http://127.0.0.1:8081")
# The key of every Cosmos DB emulator: public.
COSMOS_KEY = os.environ.get(
    "COSMOS_KEY",
    "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==",
)
SERVICEBUS_CONNECTION = os.environ.get(
    "SERVICEBUS_CONNECTION",
    "Endpoint=sb://127.0.0.1:5672;SharedAccessKeyName=RootManageSharedAccessKey;"
    "SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;",
)
# How long a message or a mark may take; it is milliseconds while all is well.
PATIENCE_SECONDS = 20
RETENTION_SECONDS = 7 * 24 * 3600
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"

passed = failed = 0


def check(name, found, expected):
    """Tells whether `found` is `expected`, in one line."""
    global passed, failed
    if found == expected:
        passed += 1
        print(f"ok    {name}", flush=True)
    else:
        failed += 1
        print(f"FAIL  {name}: {found!r}, not {expected!r}", flush=True)


def call(method, path, body=None, headers=()):
    """One request to the api: status, headers, JSON."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(API + path, data=data, method=method)
    if data is not None:
        request.add_header("content-type", "application/json")
    for name, value in headers:
        request.add_header(name, value)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
            return answer.status, answer.headers, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode(errors="replace")


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def properties(message):
    return {text(key): text(value) for key, value in message.application_properties.items()}


def receive(receiver, count, patience=PATIENCE_SECONDS):
    """Completes up to `count` messages of the session."""
    found = []
    while len(found) < count:
        page = receiver.receive_messages(count - len(found), max_wait_time=patience)
        if not page:
            break
        for message in page:
            receiver.complete_message(message)
        found += page
    return found


def check_message(message, order, sequence, event_type, data):
    event = f"{order}.{sequence}"
    check(f"message {sequence}: MessageId is the event's id", message.message_id, event)
    check(f"message {sequence}: SessionId is the order's id", message.session_id, order)
    check(f"message {sequence}: Subject is the event type", message.subject, event_type)
    check(f"message {sequence}: ContentType", message.content_type, "application/json")
    check(f"message {sequence}: CorrelationId", message.correlation_id, order)
    check(f"message {sequence}: delivered once", message.delivery_count, 0)
    body = json.loads(b"".join(message.body))
    check(f"message {sequence}: the body is the event's data", {**body, **data}, body)
    found = properties(message)
    expected = {
        "cloudEvents:id": event,
        "cloudEvents:type": event_type,
        "cloudEvents:specversion": "1.0",
        "cloudEvents:subject": order,
        "sequence": sequence,
    }
    for name, value in expected.items():
        check(f"message {sequence}: property {name}", found.get(name), value)
    for name in ("cloudEvents:source", "cloudEvents:time"):
        check(f"message {sequence}: property {name} is there", bool(found.get(name)), True)
    return found


def read_processed(container, order, event):
    """The event's document, once it is marked."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        document = container.read_item(event, partition_key=order)
        if document["state"] != "pending" or until < time.monotonic():
            return document
        time.sleep(0.05)


def check_document(container, order, sequence, event_type):
    event = read_processed(container, order, f"{order}.{sequence}")
    check(f"event {sequence}: state", event["state"], "processed")
    check(f"event {sequence}: ttl is the retention", event.get("ttl"), RETENTION_SECONDS)
    check(f"event {sequence}: processedAt is there", bool(event.get("processedAt")), True)
    check(f"event {sequence}: type", event["type"], "event")
    check(f"event {sequence}: eventType", event["eventType"], event_type)
    check(f"event {sequence}: sequence", event["sequence"], sequence)
    check(f"event {sequence}: partitionKey", event["partitionKey"], order)


def place(order):
    traceparent = f"00-{TRACE}-00f067aa0ba902b7-01"
    body = {"orderId": order, "accountNumber": "A-17", "quantity": 3}
    status, headers, answer = call("POST", "/api/orders", body, [("traceparent", traceparent)])
    check("the order is placed", status, 201)
    if status != 201:
        sys.exit(f"the api says {status}: {answer}")
    check("its Location is its own", headers["location"].endswith(f"/orders/{order}"), True)
    check("it has an ETag", bool(headers["etag"]), True)
    status, _, _ = call("POST", "/api/orders", body)
    check("placing it again answers 200", status, 200)


def main():
    order = f"main-job-{uuid.uuid4()}"
    place(order)
    bus = ServiceBusClient.from_connection_string(SERVICEBUS_CONNECTION)
    with bus, bus.get_subscription_receiver("orders", "all", session_id=order) as receiver:
        messages = receive(receiver, 1)
        check("one message arrives in the order's session", len(messages), 1)
        for message in messages:
            data = {"quantity": 3, "accountNumber": "A-17"}
            found = check_message(message, order, 1, "OrderPlaced", data)
            for name in ("traceparent", "cloudEvents:traceparent", "Diagnostic-Id"):
                trace = str(found.get(name)).split("-")[1:2]
                check(f"message 1: {name} leads to the request that placed it", trace, [TRACE])
        status, _, _ = call("PATCH", f"/api/orders/{order}", {"quantity": 5})
        check("its quantity is changed", status, 200)
        status, _, _ = call("POST", f"/api/orders/{order}/ship")
        check("it is shipped", status, 200)
        later = receive(receiver, 2)
        check("both changes arrive", len(later), 2)
        expected = [("OrderQuantityChanged", {"quantity": 5}), ("OrderShipped", {})]
        for sequence, (message, (event_type, data)) in enumerate(zip(later, expected), 2):
            check_message(message, order, sequence, event_type, data)
        check("nothing was sent twice", len(receive(receiver, 1, patience=1)), 0)
    store = CosmosClient(COSMOS_ENDPOINT, credential=COSMOS_KEY)
    container = store.get_database_client("shop").get_container_client("orders")
    document = container.read_item(order, partition_key=order)
    for name, value in {"type": "order", "quantity": 5, "version": 3, "status": "shipped"}.items():
        check(f"order: {name}", document.get(name), value)
    check("order: never expires", "ttl" in document, False)
    event_types = ["OrderPlaced", "OrderQuantityChanged", "OrderShipped"]
    for sequence, event_type in enumerate(event_types, 1):
        check_document(container, order, sequence, event_type)
    query = "SELECT VALUE COUNT(1) FROM c WHERE c.type = 'event' AND c.state = 'pending'"
    pending = list(container.query_items(query, partition_key=order))
    check("query: no event of the order is pending", pending, [0])
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
