package callback

import (
	"bufio"
	"encoding/base64"
	"os"
	"os/exec"
	"strings"
	"testing"

	"tenfour/jobs"
	"tenfour/tests/await"
)

// pythonReceiver is the function of docs/callbacks.md in a server. It answers 204 when each of its arguments verifies, else 401, and says how
// the function takes what was changed on its way.
const pythonReceiver = `
import http.server, sys

class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        good = all(verify(self.headers, body, s) for s in sys.argv[1:])
        old = dict(self.headers.items()) | {"webhook-timestamp": str(int(self.headers["webhook-timestamp"]) - 301)}
        bad = verify(self.headers, body + b" ", sys.argv[1]) or verify(old, body, sys.argv[1]) or verify(self.headers, body, "whsec_" + "A" * 32)
        self.send_response(204 if good and not bad else 401)
        self.end_headers()
    def log_message(self, *_): pass

server = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
print(server.server_port, flush=True)
server.serve_forever()
`

func TestDocs_verifyInPython(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/callbacks.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(page), "```python\n")
	verify, _, ends := strings.Cut(rest, "```")
	if !ok || !ends {
		t.Fatal("docs/callbacks.md has no Python")
	}
	secret := func(key []byte) string { return "whsec_" + base64.StdEncoding.EncodeToString(key) }
	python := exec.CommandContext(t.Context(), "python3", "-c", verify+pythonReceiver, secret(newKey), secret(oldKey))
	python.Stderr = os.Stderr
	out, err := python.StdoutPipe()
	if err == nil {
		err = python.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = python.Wait() }) // the test's context has ended it
	await.Within(out.(*os.File), 4*await.Patience)
	port, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url := "http://127.0.0.1:" + strings.TrimSpace(port) + "/"
	g := newRig(t, url).start(t)
	j := g.ended(t, url, jobs.Result{Status: 200, Fields: []byte("A: grün\r\n")}, "grün\x00")
	g.Due(j)
	if b := g.until(t, j.ID, jobs.CallbackDelivered); b.Attempts != 1 {
		t.Errorf("Python does not verify: %+v", b)
	}
}
