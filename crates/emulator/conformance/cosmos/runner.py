"""Named features, run one after the other: a line for each, the totals last."""

import asyncio
import inspect
import sys
import time
import traceback

FEATURES = []


def feature(name):
    """Marks a function as the proof of one named feature."""

    def add(function):
        FEATURES.append((name, function))
        return function

    return add


def equal(actual, expected):
    """Fails unless both are the same, and says both."""
    if actual != expected:
        raise AssertionError(f"{actual!r} is not {expected!r}")


def holds(condition, what="the condition does not hold"):
    """Fails unless the condition holds; unlike `assert` also where Python optimizes."""
    if not condition:
        raise AssertionError(what)


def run(world):
    """Runs every feature against the world; 1 if any failed."""
    failed = 0
    with asyncio.Runner() as loop:
        for name, function in FEATURES:
            started = time.monotonic()
            error = _attempt(loop, function, world)
            took = time.monotonic() - started
            print(f"{'FAIL' if error else 'ok '} {name} ({took:.2f} s)", flush=True)
            if error:
                failed += 1
                print("     " + error.strip().replace("\n", "\n     "), flush=True)
        closing = getattr(world, "close", None)
        if closing and inspect.isawaitable(closed := closing()):
            loop.run(_wait(closed))
    print(f"{len(FEATURES) - failed} passed, {failed} failed")
    return 1 if failed else 0


def _attempt(loop, function, world):
    try:
        outcome = function(world)
        if inspect.isawaitable(outcome):
            loop.run(_wait(outcome))
    except Exception:  # whatever a feature raises is its failure, not the suite's end
        return traceback.format_exc(limit=-3)
    return None


async def _wait(awaitable):
    async with asyncio.timeout(60):
        return await awaitable


def main(world):
    """The end of a script."""
    sys.exit(run(world))
