"""Tells the tests that this is an emulator, although it is not at the address they expect one at."""

import test_config

test_config.TestConfig.is_emulator = True
