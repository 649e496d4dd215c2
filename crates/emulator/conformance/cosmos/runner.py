"""Named features, run one after the other: a line for each, the totals last."""

import asyncio
import inspect
import sys
import time
import traceback

FEATURES = []
# What one feature may take; nothing here waits for longer than a few seconds.
SECONDS_MAX = 60


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


def main(world):
    """Runs every feature against the world, and ends the script: with 1 if any failed."""
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
                # What a feature that broke off has set is not to reach the next one.
                world.no_faults()
        _finish(loop, world.close())
    print(f"{len(FEATURES) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


def _attempt(loop, function, world):
    try:
        _finish(loop, function(world))
    except Exception:  # whatever a feature raises is its failure, not the suite's end
        return traceback.format_exc(limit=-3)
    return None


def _finish(loop, outcome):
    """Waits for what an asynchronous function still has to do."""
    if inspect.isawaitable(outcome):
        loop.run(_bounded(outcome))


async def _bounded(awaitable):
    async with asyncio.timeout(SECONDS_MAX):
        await awaitable
