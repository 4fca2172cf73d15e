"""Receives callbacks, verifies who has sent them, and prints the results.

    python3 docs/recipes/receiver.py PORT KEYFILE COUNT     ends after COUNT callbacks that it could verify
"""
import base64
import hashlib
import hmac
import http.server
import json
import sys
import time

PORT, KEY, COUNT = int(sys.argv[1]), open(sys.argv[2]).read().strip(), int(sys.argv[3])
told = set()


def verified(headers, body):
    stamp = headers["webhook-timestamp"]
    if abs(time.time() - int(stamp)) > 300:
        return False
    signed = f"{headers['webhook-id']}.{stamp}.".encode() + body
    mac = hmac.new(base64.b64decode(KEY.removeprefix("whsec_")), signed, hashlib.sha256)
    wanted = "v1," + base64.b64encode(mac.digest()).decode()
    return any(hmac.compare_digest(wanted, s) for s in headers["webhook-signature"].split())


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        good = verified(self.headers, body)
        self.send_response(204 if good else 401)
        self.end_headers()
        if good and self.headers["webhook-id"] not in told:  # a callback may come twice
            told.add(self.headers["webhook-id"])
            job = json.loads(body)
            print(job["id"][:8], job["state"], job["status"], job["body"].strip(), flush=True)

    def log_message(self, *args):
        pass


server = http.server.HTTPServer(("127.0.0.1", PORT), Receiver)
while len(told) < COUNT:
    server.handle_request()
