"""Microsoft's synchronous Python SDK as a client of the emulator.

    COSMOS_ENDPOINT=http://127.0.0.1:8081 CONTROL=http://127.0.0.1:8090 python sync.py
"""

from runner import main
from world import World

# Each module adds its features when it is imported; they run in this order.
from features import account  # noqa: F401
from features import containers  # noqa: F401
from features import items  # noqa: F401
from features import patches  # noqa: F401
from features import batches  # noqa: F401
from features import queries  # noqa: F401
from features import feeds  # noqa: F401
from features import versions  # noqa: F401
from features import faults  # noqa: F401
from features import absent  # noqa: F401

if __name__ == "__main__":
    main(World())
