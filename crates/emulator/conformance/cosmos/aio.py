"""Microsoft's asynchronous Python SDK as a client of the emulator.

    COSMOS_ENDPOINT=http://127.0.0.1:8081 CONTROL=http://127.0.0.1:8090 python aio.py
"""

from aio_world import World
from runner import main

# Each module adds its features when it is imported; they run in this order.
from aio_features import resources  # noqa: F401
from aio_features import items  # noqa: F401
from aio_features import many  # noqa: F401

if __name__ == "__main__":
    main(World())
