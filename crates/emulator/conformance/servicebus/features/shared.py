"""What the blocking and the asynchronous features have in common."""

import base64
import hashlib
import hmac
import urllib.parse

from runner import CONNECTION, text

STANDARD_MESSAGE_MAX = 262_144
# More than the five seconds that a lock of the `auto-renew` queues lasts.
WORK_SECONDS = 7
# The subscriptions of topic `filters`.
FILTERS = ("sql", "correlation", "true", "false", "either")


def signed(path, expiry):
    """A connection string with a token for `path` instead of the key."""
    parts = dict(part.split("=", 1) for part in CONNECTION.split(";") if part)
    audience = urllib.parse.quote_plus(f"{parts['Endpoint'].rstrip('/')}/{path}")
    key, words = parts["SharedAccessKey"].encode(), f"{audience}\n{expiry}".encode()
    digest = hmac.new(key, words, hashlib.sha256).digest()
    signature = urllib.parse.quote_plus(base64.b64encode(digest))
    name = parts["SharedAccessKeyName"]
    token = f"SharedAccessSignature sr={audience}&sig={signature}&se={expiry}&skn={name}"
    return (
        f"Endpoint={parts['Endpoint']};SharedAccessSignature={token};UseDevelopmentEmulator=true;"
    )


def plain(value):
    """The value with text where the SDK has bytes."""
    if isinstance(value, dict):
        return {text(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return text(value)
