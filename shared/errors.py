"""The errors that decide what becomes of a message; every other error is taken as passing and retried."""


class Permanent(Exception):
    """Trying again cannot help: the message goes to the dead letters, alone, and others go on."""


class NewerVersion(Exception):
    """A version of one of our own events that this build does not know: its partition stops, nothing is skipped
    (D16).
    """


class LogTooShort(RuntimeError):
    """The stored offset lies beyond the log's end: the topic was lost or recreated, and reading on would skip events
    (D13).
    """
