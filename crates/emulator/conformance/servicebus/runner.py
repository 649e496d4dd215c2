"""Runs named features against an emulator that somebody else has started.

SERVICEBUS_CONNECTION and CONTROL say where it is; it must have been started for this run, with
`Config.json`. One feature a line, `N passed, N failed` at the end, exit 1 if any failed. Words on
the command line run only the features whose names contain one of them.

Features run side by side, since the SDK sleeps a second for each link that it opens and closes.
Those that move the emulator's clock run after all others, one at a time.
"""

import asyncio
import concurrent.futures
import contextlib
import datetime
import inspect
import json
import os
import sys
import time
import traceback
import urllib.request

CONNECTION = os.environ["SERVICEBUS_CONNECTION"]
CONTROL = os.environ["CONTROL"].rstrip("/")
# The slowest feature waits 8 s for a lock to be renewed; one that takes this long hangs.
PATIENCE_SECONDS = 60
AT_ONCE = 24

FEATURES = []
CLOCK_FEATURES = []


def feature(name, moves_clock=False):
    """Adds a function, or a coroutine function, to the features under this name."""

    def add(check):
        (CLOCK_FEATURES if moves_clock else FEATURES).append((name, check))
        return check

    return add


def control(path, body=None, method="POST"):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(CONTROL + path, data=data, method=method)
    request.add_header("content-type", "application/json")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def advance(seconds):
    """Moves the emulator's clock forward."""
    control("/clock/advance", {"seconds": seconds})


def emulator_now():
    """What the emulator's clock says."""
    return datetime.datetime.fromisoformat(control("/state", method="GET")["now"])


def fault(entity, action, operation="transfer", count=1, **more):
    """Sets a fault for the next frames of an entity."""
    rule = {"entity": entity, "action": action, "operation": operation, "count": count, **more}
    control("/faults", {"target": "servicebus", **rule})


def faults_left(entity):
    """How often the faults of an entity have still to happen."""
    rules = control("/faults", method="GET")["faults"]
    return sum(rule["count"] for rule in rules if rule.get("entity") == entity)


def eq(found, expected, what="value"):
    assert found == expected, f"{what} is {found!r}, not {expected!r}"


@contextlib.contextmanager
def refused(error_class, words=""):
    """The block must end in this very class of error, with these words in it."""
    try:
        yield
    except Exception as error:  # Any other class is what is to be told.
        found = type(error)
        assert found is error_class, f"{found.__name__}({error}), not {error_class.__name__}"
        said = " <- ".join(str(inner) for inner in _chain(error))
        assert words.lower() in said.lower(), f"{words!r} is not in {said}"
        return
    raise AssertionError(f"no {error_class.__name__}")


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def properties(message):
    """Application properties with text where the SDK has bytes."""
    found = message.application_properties or {}
    return {text(key): text(value) for key, value in found.items()}


def run():
    """Runs the features that were asked for and ends the process."""
    asked = sys.argv[1:]
    passed = failed = 0
    for name, trouble in _outcomes(lambda name: not asked or any(word in name for word in asked)):
        passed += trouble is None
        failed += trouble is not None
        print(f"ok    {name}" if trouble is None else f"FAIL  {name}: {trouble}", flush=True)
    print(f"{passed} passed, {failed} failed", flush=True)
    # Not sys.exit: a feature that hangs holds a thread.
    os._exit(1 if failed or not passed else 0)


def _outcomes(wanted):
    """Each feature's name with what went wrong, if anything did."""
    for features, at_once in ((FEATURES, AT_ONCE), (CLOCK_FEATURES, 1)):
        pool = concurrent.futures.ThreadPoolExecutor(at_once)
        started = [(name, pool.submit(_trouble, check)) for name, check in features if wanted(name)]
        for name, outcome in started:
            try:
                yield name, outcome.result(PATIENCE_SECONDS)
            except TimeoutError:
                yield name, f"not done after {PATIENCE_SECONDS} s"


def _trouble(check):
    started = time.monotonic()
    try:
        if inspect.iscoroutinefunction(check):
            asyncio.run(check())
        else:
            check()
    except Exception as error:  # Whatever it is, it is this feature's failure.
        if "VERBOSE" in os.environ:
            traceback.print_exc()
        took = time.monotonic() - started
        return f"{type(error).__name__}: {error} (after {took:.1f} s)"
    return None


def _chain(error):
    """The error and what it came from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
