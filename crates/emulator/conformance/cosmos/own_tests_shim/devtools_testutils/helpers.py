"""Nothing here is played back from a recording."""


def is_live():
    """Always."""
    return True
