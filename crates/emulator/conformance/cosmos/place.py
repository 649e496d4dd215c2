"""Where the emulator is, and what its control port can do to it."""

import argparse
import json
import os
import urllib.request
import uuid

# The key of every Cosmos DB emulator; it is public.
KEY = "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw=="


class Place:
    """The endpoint of Cosmos DB and the control port of the same emulator."""

    def __init__(self):
        parser = argparse.ArgumentParser(description=__doc__)
        parser.add_argument("endpoint", nargs="?", default=os.environ.get("COSMOS_ENDPOINT"))
        parser.add_argument("control", nargs="?", default=os.environ.get("CONTROL"))
        given = parser.parse_args()
        if not given.endpoint or not given.control:
            parser.error("COSMOS_ENDPOINT and CONTROL, or both as arguments, are needed")
        self.endpoint = given.endpoint
        self.control = given.control

    def split(self, database, container):
        """Splits a partition key range of the container; the ranges afterwards."""
        return self._call("POST", f"/cosmos/{database}/{container}/split")["partitionKeyRanges"]

    def split_within(self, database, container, milliseconds):
        """Splits a range, which serves nobody for that long; the range."""
        body = {"durationMs": milliseconds}
        return self._call("POST", f"/cosmos/{database}/{container}/split", body)["splitting"]

    def merge(self, database, container):
        """Merges two partition key ranges of the container; the ranges afterwards."""
        return self._call("POST", f"/cosmos/{database}/{container}/merge")["partitionKeyRanges"]

    def fault(self, **rule):
        """Sets a fault for the requests that follow."""
        self._call("POST", "/faults", {"target": "cosmos", **rule})

    def faults(self):
        """What is left of the faults that were set."""
        return self._call("GET", "/faults")["faults"]

    def no_faults(self):
        """Takes back what is left of all faults."""
        self._call("DELETE", "/faults")

    def advance(self, seconds):
        """Moves the emulator's clock on."""
        self._call("POST", "/clock/advance", {"seconds": seconds})

    def counts(self, database, container):
        """How many requests of each kind the container has served."""
        containers = self._call("GET", "/state")["cosmos"]["databases"][database]["containers"]
        readings = containers[container]["requests"]
        return {kind: reading["count"] for kind, reading in readings.items()}

    def _call(self, method, path, body=None):
        data = b"" if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.control + path, data=data, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)


def fresh(prefix):
    """An id that nothing has yet."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"
