"""Microsoft's own samples for azure-servicebus, as its source archive ships them, against the emulator.

Each runs as a program of its own, unchanged, on entities that were made for it; it passes if it
ends by itself, without an error. `sample_host.py` stands in for what they expect of Azure: Entra ID
and TLS.
"""

import os
import pathlib
import subprocess
import sys
import tarfile

from azure.servicebus import ServiceBusMessage as Message
from admin_features.client import admin, fresh
from features.bus import publish, send
import runner

VERSION = "7.15.0"
HOME = pathlib.Path(sys.prefix) / "azure-servicebus-source"
HOST = pathlib.Path(__file__).with_name("sample_host.py")
# What these need is not here, or they do not end.
NOT_RUN = {
    "proxy": "needs an HTTP proxy and WebSockets",
    "connection_to_custom_endpoint_address": "needs an application gateway with TLS",
    "client_identity_authentication": "signs in at Entra ID, over WebSockets",
    "sample_code_servicebus": "snippets for the reference pages, no program",
    "auto_lock_renew": "sleeps for five minutes; the features `renewer` say the same in seconds",
    "receive_iterator_queue": "never ends: its iterator waits for ever",
    "failure_and_recovery": "never ends: its iterator waits for ever",
}


def unpacked():
    """The samples, fetched once."""
    folder = HOME / f"azure_servicebus-{VERSION}" / "samples"
    if not folder.exists():
        # The archive alone: no dependency is resolved.
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
        pip += ["--dest", str(HOME), f"azure-servicebus=={VERSION}"]
        subprocess.run(pip, check=True, timeout=240, stdout=subprocess.DEVNULL)
        with tarfile.open(HOME / f"azure_servicebus-{VERSION}.tar.gz") as archive:
            archive.extractall(HOME, filter="data")
    return folder


def entities():
    """New ones, with a few messages in each, as the environment of a sample names them."""
    queue, sessions, topic = fresh("q"), fresh("q"), fresh("t")
    admin.create_queue(queue)
    admin.create_queue(sessions, requires_session=True)
    admin.create_topic(topic)
    admin.create_subscription(topic, "s")
    send(queue, *[Message(str(number)) for number in range(3)])
    send(sessions, Message("x", session_id="sample"))
    publish(topic, Message("x"))
    return {
        "SERVICEBUS_CONNECTION_STR": runner.CONNECTION,
        "SERVICEBUS_FULLY_QUALIFIED_NAMESPACE": "sample",
        "SERVICEBUS_QUEUE_NAME": queue,
        "SERVICEBUS_SESSION_QUEUE_NAME": sessions,
        "SERVICEBUS_SESSION_ID": "sample",
        "SERVICEBUS_TOPIC_NAME": topic,
        "SERVICEBUS_SUBSCRIPTION_NAME": "s",
        "SERVICEBUS_SAS_KEY": "SAS_KEY_VALUE",
        "SERVICEBUS_SAS_POLICY": "RootManageSharedAccessKey",
    }


def sample(path):
    """A feature that runs one."""

    def run():
        program = [sys.executable, str(HOST), str(path)]
        environment = {**os.environ, **entities()}
        ended = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=150)
        told = (ended.stdout + ended.stderr).strip().splitlines()
        assert ended.returncode == 0, " | ".join(told[-3:])

    return run


for found in sorted(unpacked().rglob("*.py")):
    kind = found.stem.removesuffix("_async")
    if kind in NOT_RUN:
        print(f"not run: {found.stem}: {NOT_RUN[kind]}")
    else:
        runner.feature(f"sample: {found.stem}")(sample(found))

runner.PATIENCE_SECONDS = 160
runner.run()
