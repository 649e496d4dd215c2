"""A credential for tests that take one: the public key of every emulator."""

KEY = "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw=="


def get_credential(**_options):
    """The key, which the SDK takes wherever it takes a credential."""
    return KEY
