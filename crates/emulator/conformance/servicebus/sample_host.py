"""Runs one sample with what it expects of Azure put in its place.

A credential of Entra ID is one whose tokens nobody signed; a namespace is that of the emulator,
without TLS; the administration client gets the transport that its own features have.
"""

import base64
import json
import runpy
import sys
import time
import types

from azure.core.credentials import AccessToken
from azure.servicebus import ServiceBusClient
from azure.servicebus.aio import ServiceBusClient as AsyncServiceBusClient


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


class Credential:
    """Tokens that are well-formed, and good for an hour."""

    def get_token(self, *_scopes, **_options):
        expiry = int(time.time()) + 3600
        claims = {"aud": "https://servicebus.azure.net", "exp": expiry}
        return AccessToken(f"{part({'alg': 'none'})}.{part(claims)}.{part('')}", expiry)


    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class AsyncCredential(Credential):
    async def get_token(self, *scopes, **options):
        return super().get_token(*scopes, **options)

    async def close(self):
        pass

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        pass


def module(name, credential):
    made = types.ModuleType(name)
    made.DefaultAzureCredential = made.EnvironmentCredential = credential
    sys.modules[name] = made


def without_tls(client, namespace):
    """Lets a client of `sample` speak to the emulator."""
    made = client.__init__

    def init(self, fully_qualified_namespace, credential, **options):
        if fully_qualified_namespace == "sample":
            fully_qualified_namespace, options["use_tls"] = namespace, False
        made(self, fully_qualified_namespace, credential, **options)

    client.__init__ = init


def administered():
    """The administration clients, blocking and asynchronous, without TLS."""
    from azure.core.pipeline.transport import AioHttpTransport
    from azure.servicebus.aio import management as aio
    from azure.servicebus import management
    from admin_features.client import ADMIN, Plain

    class AsyncPlain(AioHttpTransport):
        async def send(self, request, **options):
            request.url = request.url.replace("https://", "http://", 1)
            return await super().send(request, **options)

    host = ADMIN.split("://")[1]
    clients = {
        management.ServiceBusAdministrationClient: Plain,
        aio.ServiceBusAdministrationClient: AsyncPlain,
    }
    for client, transport in clients.items():
        made = client.__init__

        def init(self, _namespace, credential, made=made, transport=transport, **options):
            options.pop("use_tls", None)
            made(self, host, credential, transport=transport(), **options)

        client.__init__ = init


def main(path):
    import runner

    parts = dict(part.split("=", 1) for part in runner.CONNECTION.split(";") if part)
    namespace = parts["Endpoint"].split("://")[1].rstrip("/")
    module("azure.identity", Credential)
    module("azure.identity.aio", AsyncCredential)
    without_tls(ServiceBusClient, namespace)
    without_tls(AsyncServiceBusClient, namespace)
    administered()
    sys.argv = [path]
    runpy.run_path(path, run_name="__main__")


main(sys.argv[1])
