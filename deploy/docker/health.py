"""The container's health check: ask /livez, and end a service that says it is stuck, so that it is started again.

Docker only marks a container unhealthy. /livez answers 503 when the consumer has not polled for a minute, and only
then; SIGTERM lets the service drain what still moves. No answer at all (not started yet, or overloaded) ends nothing.
Standard library only: the final image has no curl.
"""

import http.client
import os
import signal
import sys

STUCK = 503
LIMIT_S = 4


def main() -> int:
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ["DUBAN_HTTP_PORT"]), timeout=LIMIT_S)
    try:
        connection.request("GET", "/livez")
        answer = connection.getresponse()
        text = answer.read(500).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        print(f"no answer: {type(error).__name__}")
        return 1
    print(text)
    if answer.status == STUCK:
        os.kill(1, signal.SIGTERM)
    return 0 if answer.status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())
