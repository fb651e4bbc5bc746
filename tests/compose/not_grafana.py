"""NOT Grafana: what stands in for its image where nothing can be pulled. Answers /api/health, and says what it is.

It refuses to start where the real one would have nothing to show: without the provisioned data source and dashboards,
and without its password's file.
"""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

WANTED = (
    Path("/etc/grafana/provisioning/datasources"),
    Path("/etc/grafana/provisioning/dashboards"),
    Path("/var/lib/grafana/dashboards"),
)


class Answers(BaseHTTPRequestHandler):
    """Every question is answered with the same words."""

    def do_GET(self) -> None:
        body = json.dumps({"database": "ok", "version": "NOT GRAFANA: a stand-in without dashboards"}).encode()
        self.send_response(200 if self.path == "/api/health" else 404)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    for directory in WANTED:
        if not any(directory.iterdir()):
            raise SystemExit(f"{directory} is empty")
    if not Path(os.environ["GF_SECURITY_ADMIN_PASSWORD__FILE"]).read_text().strip():
        raise SystemExit("no password")
    ThreadingHTTPServer(("0.0.0.0", 3000), Answers).serve_forever()  # noqa: S104 - inside a container


if __name__ == "__main__":
    main()
