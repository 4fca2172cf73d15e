"""What one would write instead of jobs: an HTTP server that puts requests into a table of SQLite, and threads that work them off.

    python3 jobqueue.py ADDR:PORT BACKEND:PORT

POST puts a request into the table and answers 202 with Location, once the disk has it. GET of that is 202 until the backend has answered, and
then its response. Everything is of Python's standard library. A benchmark measures it; it has no more than that needs.
"""
import http.client
import http.server
import queue
import socketserver
import sqlite3
import sys
import threading
import uuid

WORKERS = 4
listen, backend = sys.argv[1], sys.argv[2]
work = queue.Queue()
local = threading.local()


def db():
    """The connection of this thread. FULL: a commit is on the disk when it returns."""
    if not hasattr(local, "db"):
        local.db = sqlite3.connect("queue.db", timeout=60, isolation_level=None)
        local.db.execute("PRAGMA journal_mode=WAL")
        local.db.execute("PRAGMA synchronous=FULL")
    return local.db


def run():
    """Gives each request to the backend, one after the other, and keeps its response."""
    connection = None
    while True:
        job = work.get()
        method, target, body = db().execute("SELECT method, target, body FROM jobs WHERE id = ?", (job,)).fetchone()
        try:
            connection = connection or http.client.HTTPConnection(backend, timeout=60)
            connection.request(method, target, body)
            answer = connection.getresponse()
            status, content = answer.status, answer.read()
        except OSError:
            connection, status, content = None, 502, b""
        db().execute("UPDATE jobs SET state = 'done', status = ?, result = ? WHERE id = ?", (status, content, job))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        job = uuid.uuid4().hex
        db().execute("INSERT INTO jobs VALUES (?, 'accepted', ?, ?, ?, NULL, NULL)", (job, self.command, self.path, body))
        work.put(job)
        self.answer(202, b'{"id":"%s"}\n' % job.encode(), "/jobs/" + job)

    def do_GET(self):
        row = db().execute("SELECT state, status, result FROM jobs WHERE id = ?", (self.path.rpartition("/")[2],)).fetchone()
        if row is None:
            self.answer(404, b"")
        elif row[0] == "accepted":
            self.answer(202, b"")
        else:
            self.answer(row[1], row[2])

    def answer(self, status, content, location=""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 1024


db().execute("CREATE TABLE IF NOT EXISTS jobs (id TEXT PRIMARY KEY, state TEXT, method TEXT, target TEXT, body BLOB, status INTEGER, result BLOB)")
for _ in range(WORKERS):
    threading.Thread(target=run, daemon=True).start()
host, _, port = listen.rpartition(":")
Server((host, int(port)), Handler).serve_forever()
