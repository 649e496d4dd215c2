"""What every feature of the asynchronous client starts from."""

from azure.cosmos import PartitionKey
from azure.cosmos.aio import CosmosClient
from azure.cosmos.exceptions import CosmosHttpResponseError

from place import KEY, Place, fresh


class World(Place):
    """A client and a database, both made where they are first asked for, and new containers."""

    def __init__(self):
        super().__init__()
        self._clients = []
        self._database = None

    async def another_client(self, **options):
        """A client that knows nothing of the others' sessions; it is closed with the world."""
        client = CosmosClient(self.endpoint, KEY, **options)
        self._clients.append(client)
        return await client.__aenter__()

    async def database(self):
        """The database of this run."""
        if self._database is None:
            client = await self.another_client()
            self._database = await client.create_database(fresh("aio"))
        return self._database

    async def client(self):
        """The client of the database."""
        await self.database()
        return self._clients[0]

    async def container(self, key="/pk", **options):
        """A new container; the key is one path or, for a hierarchical key, a list of them."""
        kind = {"kind": "MultiHash"} if isinstance(key, list) else {}
        database = await self.database()
        return await database.create_container(fresh("c"), PartitionKey(key, **kind), **options)

    async def filled(self, count, keys=1, **options):
        """A container with `count` items over `keys` partition keys, numbered from 0."""
        container = await self.container(**options)
        for number in range(count):
            item = {"id": f"{number:03}", "pk": f"k{number % keys}", "n": number}
            await container.create_item(item)
        return container

    async def split(self, container):
        """Splits a range of the container."""
        return super().split((await self.database()).id, container.id)

    async def close(self):
        """Removes what the features left behind."""
        self.no_faults()
        if self._database is not None:
            await self._clients[0].delete_database(self._database)
        for client in self._clients:
            await client.close()


def headers(container):
    """The headers of the last answer."""
    return container.client_connection.last_response_headers


async def refused(status, call, substatus=None):
    """The error of a call that must end in this status."""
    try:
        answer = await call
    except CosmosHttpResponseError as error:
        if error.status_code != status:
            raise AssertionError(f"{error.status_code} is not {status}: {error}") from error
        if substatus is not None and error.sub_status != substatus:
            raise AssertionError(f"substatus {error.sub_status} is not {substatus}") from error
        return error
    raise AssertionError(f"{answer!r} came instead of {status}")


async def all_of(paged):
    """Everything that an asynchronous iteration yields."""
    return [item async for item in paged]
