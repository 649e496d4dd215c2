"""What the emulator does not serve: it says so, and pretends nothing."""

from runner import feature, holds
from world import refused


@feature("absent: users and permissions are 404 with the reason")
def _(world):
    error = refused(404, lambda: list(world.database.list_users()))
    holds("in this emulator" in error.message, error.message)


@feature("absent: stored procedures, triggers and functions are 404 with the reason")
def _(world):
    container = world.container()
    scripts = container.scripts
    for listed in [
        scripts.list_stored_procedures,
        scripts.list_triggers,
        scripts.list_user_defined_functions,
    ]:
        error = refused(404, lambda listed=listed: list(listed()))
        holds("in this emulator" in error.message, error.message)


@feature("absent: spatial and vector functions are 400 and named")
def _(world):
    container = world.filled(1)
    for name in ["ST_DISTANCE", "VectorDistance", "FullTextContains"]:
        query = f"SELECT VALUE {name}(c.a, c.b) FROM c"
        found = container.query_items(query, partition_key="k0")
        error = refused(400, lambda found=found: list(found))
        holds(name in error.message, error.message)
