"""`python -m services.notification`."""

from services.notification.config import Settings
from services.notification.main import build
from shared.clock import clock_of
from shared.runtime import run

if __name__ == "__main__":
    settings = Settings()
    run(lambda: build(settings, clock_of(settings.clock)))
