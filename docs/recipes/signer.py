"""A signing API as one meets it: slow, single-threaded, three requests a second for each token, and 429 above that.

    python3 docs/recipes/signer.py PORT TOKEN
"""
import collections
import hashlib
import hmac
import http.server
import sys
import time

PORT, TOKEN = int(sys.argv[1]), sys.argv[2]
RATE, KEY = 3, b"the key that never leaves this server"
recent = collections.deque()  # when the last requests were signed


class Signer(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        document = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        while recent and recent[0] < time.monotonic() - 1:
            recent.popleft()
        if self.headers.get("Authorization") != "Bearer " + TOKEN:
            return self.answer(401, b"no token\n")
        if len(recent) >= RATE:
            return self.answer(429, b"three a second\n", ("Retry-After", "1"))
        recent.append(time.monotonic())
        time.sleep(0.2)
        self.answer(200, hmac.new(KEY, document, hashlib.sha256).hexdigest().encode() + b"\n")

    def answer(self, status, body, *fields):
        self.send_response(status)
        for name, value in (("Content-Type", "text/plain"), ("Content-Length", str(len(body))), *fields):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


http.server.HTTPServer(("127.0.0.1", PORT), Signer).serve_forever()
