"""The features of Service Bus that azure-servicebus (Python, blocking) finds in the emulator."""

import runner
from features import deferring, messages, receiving, sending, settling  # noqa: F401

runner.run()
