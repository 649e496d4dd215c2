"""The features of Service Bus that azure-servicebus (Python, blocking) finds in the emulator."""

import runner
from features import (  # noqa: F401
    deferring,
    expiring,
    faults,
    locks,
    messages,
    receiving,
    renewing,
    sending,
    sessions,
    settling,
    topics,
)

runner.run()
