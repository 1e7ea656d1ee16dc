"""Stands where Flux's notification-controller would: what is posted to it is kept."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Events(BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.seen.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(202)
        self.end_headers()

    def log_message(self, *_):
        pass


def begin():
    """Serves until the process ends: the address, for --events-addr, and the list that grows by each event."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Events)
    server.seen = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/", server.seen
