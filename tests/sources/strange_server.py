#!/usr/bin/env python3
"""An HTTP server that misbehaves as its paths say, in front of a real Git server; for tests/sources/transport_test.cpp.

  strange_server.py UPSTREAM OWNER_PID [CERTIFICATE KEY]     prints its port, then serves until OWNER_PID ends

  /pass/<path>        hands everything on to UPSTREAM/<path>
  /v0/<path>          the same without the Git-Protocol header, so that the upstream speaks version 0
  /old/<path>         as /v0, and only what is listed may be wanted, nothing filtered
  /ancient/<path>     as /old, and without shallow fetches and several acknowledgments
  /cut/<n>/<path>     as /pass, but of a POST's answer only n per cent are sent, then the connection breaks
  /to/<hex>/<path>    302 to the hex-encoded address followed by <path>
  /loop/<path>        302 to itself
  /login/<path>       302 to a page
  /status/<n>/<path>  status n with Retry-After: 7 and a text/plain body that echoes the Authorization header
  /page/<path>        200 and an HTML page
  /garbage/<path>     200, the right content type, no pkt-lines
  /sha256/<path>      200, an advertisement of a SHA-256 repository
  /stall/<path>       headers, then nothing for a minute
  /alive/<path>       as /pass, but a POST's answer is progress without end: sideband keep-alives and empty packets
  /drip/<path>        as /alive, one byte at a time
  http://<any>/…      a proxy: handed on, if Proxy-Authorization is that of "proxy-user" with "proxy-canary"
  /log                the Authorization headers received so far, one a line ("-" for none)
"""

import base64
import http.server
import os
import ssl
import sys
import threading
import time
import urllib.error
import urllib.request

UPSTREAM = sys.argv[1]
LOG = []


def pkt(text):
    return f"{len(text) + 4:04x}{text}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def reply(self, status, body=b"", kind="text/plain", headers=()):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def forward(self, path, keep_protocol=True, percent=100, hide=(), upstream=UPSTREAM):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length) if self.command == "POST" else None
        names = ["Content-Type", "Authorization"] + (["Git-Protocol"] if keep_protocol else [])
        headers = {name: self.headers[name] for name in names if name in self.headers}
        request = urllib.request.Request(f"{upstream}/{path}", body, headers, method=self.command)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                kind, data = answer.headers["Content-Type"], answer.read()
        except urllib.error.HTTPError as error:
            self.reply(error.code, b"")
            return
        for name in hide:  # of the same length, so that the packets keep theirs
            data = data.replace(name, name[:1] + b"x" + name[2:])
        if percent < 100 and self.command == "POST":
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[:len(data) * percent // 100])
            self.wfile.flush()
            self.connection.close()
            self.close_connection = True
            return
        self.reply(200, data, kind)

    def do_GET(self):
        if self.path == "/log":
            self.reply(200, "\n".join(LOG).encode())
            return
        if self.path.startswith("http://"):
            expected = "Basic " + base64.b64encode(b"proxy-user:proxy-canary").decode()
            if self.headers.get("Proxy-Authorization") != expected:
                self.reply(407, headers=[("Proxy-Authenticate", "Basic realm=proxy")])
                return
            host, _, path = self.path.removeprefix("http://").partition("/")
            self.forward(path, upstream="http://" + host)
            return
        LOG.append(self.headers.get("Authorization", "-"))
        verb, _, rest = self.path.lstrip("/").partition("/")
        kind = "application/x-git-upload-pack-advertisement"
        if verb in ("pass", "v0"):
            self.forward(rest, keep_protocol=verb == "pass")
        elif verb in ("old", "ancient"):
            gone = [b"allow-tip-sha1-in-want", b"allow-reachable-sha1-in-want", b"allow-any-sha1-in-want", b" filter"]
            gone += [b" shallow ", b"multi_ack_detailed"] if verb == "ancient" else []
            self.forward(rest, keep_protocol=False, hide=[name for name in gone if self.command == "GET"])
        elif verb == "cut":
            percent, _, path = rest.partition("/")
            self.forward(path, percent=int(percent))
        elif verb == "to":
            address, _, path = rest.partition("/")
            self.reply(302, headers=[("Location", bytes.fromhex(address).decode() + "/" + path)])
        elif verb == "loop":
            self.reply(302, headers=[("Location", self.path)])
        elif verb == "login":
            self.reply(302, headers=[("Location", "/sign-in")])
        elif verb == "status":
            self.reply(int(rest.partition("/")[0]), f"you sent {self.headers.get('Authorization', 'nothing')}\n".encode(), headers=[("Retry-After", "7")])
        elif verb == "page":
            self.reply(200, b"<html>sign in</html>", "text/html")
        elif verb == "garbage":
            self.reply(200, b"<html>what?</html>", kind)
        elif verb == "sha256":
            text = pkt("version 2\n") + pkt("ls-refs\n") + pkt("fetch=shallow\n") + pkt("object-format=sha256\n") + "0000"
            self.reply(200, text.encode(), kind)
        elif verb in ("alive", "drip") and self.command == "GET":
            self.forward(rest)
        elif verb in ("alive", "drip"):
            self.send_response(200)
            self.send_header("Content-Type", "application/x-git-upload-pack-result")
            self.end_headers()
            self.close_connection = True
            self.endless(b"000dpackfile\n" + b"0005\x02" * 2 + b"0004", verb == "drip")
        elif verb == "stall":
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.flush()
            time.sleep(60)
        else:
            self.reply(404)

    def endless(self, data, one_by_one):
        """Goes on until the other side has had enough."""
        deadline, first = time.monotonic() + 60, True
        try:
            while time.monotonic() < deadline:
                for piece in ([data[i:i + 1] for i in range(len(data))] if one_by_one else [data]):
                    self.wfile.write(piece)
                    self.wfile.flush()
                    time.sleep(0.02)
                if first:
                    data, first = data.removeprefix(b"000dpackfile\n"), False
        except OSError:
            pass

    do_POST = do_GET


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if len(sys.argv) > 3:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[3], sys.argv[4])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    while os.path.exists(f"/proc/{sys.argv[2]}"):
        time.sleep(0.2)


if __name__ == "__main__":
    main()
