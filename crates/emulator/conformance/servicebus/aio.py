"""The features of Service Bus that azure-servicebus (Python, asynchronous) finds in the emulator."""

import runner
from aio_features import holding, receiving, sending, sessions, topics, troubles  # noqa: F401

runner.run()
