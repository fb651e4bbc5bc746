"""`python -m services.deadline`."""

from services.deadline.config import Settings
from services.deadline.main import build
from shared.clock import clock_of
from shared.runtime import run

if __name__ == "__main__":
    settings = Settings()
    run(lambda: build(settings, clock_of(settings.clock)))
