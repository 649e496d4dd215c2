"""What every feature of the synchronous client starts from."""

from azure.cosmos import CosmosClient, PartitionKey
from azure.cosmos.exceptions import CosmosHttpResponseError

from place import KEY, Place, fresh


class World(Place):
    """A client, a database of this run, and a new container for whoever asks."""

    def __init__(self):
        super().__init__()
        self.client = self.another_client()
        self.database = self.client.create_database(fresh("py"))

    def another_client(self, **options):
        """A client that knows nothing of the first one's sessions."""
        return CosmosClient(self.endpoint, KEY, **options)

    def container(self, key="/pk", **options):
        """A new container; the key is one path or, for a hierarchical key, a list of them."""
        if isinstance(key, str):
            key = PartitionKey(key)
        elif isinstance(key, list):
            key = PartitionKey(key, kind="MultiHash")
        return self.database.create_container(fresh("c"), key, **options)

    def filled(self, count, keys=1, **options):
        """A container with `count` items over `keys` partition keys, numbered from 0."""
        container = self.container(**options)
        for number in range(count):
            container.create_item({"id": f"{number:03}", "pk": f"k{number % keys}", "n": number})
        return container

    def split(self, container):
        """Splits a range of the container."""
        return super().split(self.database.id, container.id)

    def split_within(self, container, milliseconds):
        """Splits a range of the container, which serves nobody for that long."""
        return super().split_within(self.database.id, container.id, milliseconds)

    def merge(self, container):
        """Merges two ranges of the container."""
        return super().merge(self.database.id, container.id)

    def counts(self, container):
        """How many requests of each kind the container has served."""
        return super().counts(self.database.id, container.id)

    def close(self):
        """Removes what the features left behind."""
        self.no_faults()
        self.client.delete_database(self.database)


def headers(container):
    """The headers of the last answer."""
    return container.client_connection.last_response_headers


def refused(status, call, *args, substatus=None, **options):
    """The error of a call that must end in this status."""
    try:
        answer = call(*args, **options)
    except CosmosHttpResponseError as error:
        if error.status_code != status:
            raise AssertionError(f"{error.status_code} is not {status}: {error}") from error
        if substatus is not None and error.sub_status != substatus:
            raise AssertionError(f"substatus {error.sub_status} is not {substatus}") from error
        return error
    raise AssertionError(f"{answer!r} came instead of {status}")
