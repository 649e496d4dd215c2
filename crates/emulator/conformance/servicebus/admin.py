"""What ServiceBusAdministrationClient (Python) finds in the emulator, and what comes of it."""

import runner
from admin_features import behaviour, entities, quotas, rules, wire  # noqa: F401

runner.run()
