"""The administration client over plain HTTP: it insists on https, which its transport rewrites."""

import os
import uuid

from azure.core.pipeline.transport import RequestsTransport
from azure.servicebus.management import ServiceBusAdministrationClient
from runner import CONNECTION, refused

ADMIN = os.environ["ADMIN"].rstrip("/")


class Plain(RequestsTransport):
    """Requests without TLS, where the client asks for it."""

    def send(self, request, **kwargs):
        request.url = request.url.replace("https://", "http://", 1)
        return super().send(request, **kwargs)


def administrator(key="SAS_KEY_VALUE"):
    """A client that reports the first failure."""
    parts = dict(part.split("=", 1) for part in CONNECTION.split(";") if part)
    connection = (
        f"Endpoint=sb://{ADMIN.split('://')[1]};"
        f"SharedAccessKeyName={parts['SharedAccessKeyName']};SharedAccessKey={key}"
    )
    options = {"transport": Plain(), "retry_total": 0}
    return ServiceBusAdministrationClient.from_connection_string(connection, **options)


admin = administrator()


def fresh(kind):
    """A name that nothing has yet."""
    return f"{kind}-{uuid.uuid4().hex[:12]}"


def answers(status, words=""):
    """The block must end in an answer of this status, with these words in it."""
    from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

    kinds = {404: ResourceNotFoundError, 409: ResourceExistsError}
    return refused(kinds.get(status, HttpResponseError), words)
