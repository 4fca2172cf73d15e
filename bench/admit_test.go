package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tenfour/tests/await"
)

func TestAdmit_configuresAllContendersAlike(t *testing.T) {
	shown := make(chan string, 1)
	backend := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		shown <- r.Header.Get("Authorization")
	}))
	t.Cleanup(backend.Close)
	dir := t.TempDir()
	root, err := moduleRoot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tenfour, _, err := buildTenfour(t.Context(), root, dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range kinds {
		c := &Contender{Name: k.name, Kind: k, Path: tenfour}
		if !c.TakesPart(admit) {
			continue
		}
		t.Run(k.name, func(t *testing.T) {
			if k.name != "tenfour" {
				path, err := lookPeer(k.name)
				if err != nil {
					t.Skip("it is not installed")
				}
				c.Path = path
			}
			addr, proc, err := c.Start(t.Context(), dir, setup{Backends: []string{backend.Listener.Addr().String()}, Flags: admit.Flags, Admits: true, Files: 2000})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(proc.End)
			for _, tc := range []struct {
				token, path string
				status      int
			}{
				{"", "/service-50/small", 401},
				{"Bearer another", "/service-50/small", 401},
				{"Bearer " + benchToken, "/service-100/small", 404},
				{"Bearer " + benchToken, "/service-0/small", 200},
				{"Bearer " + benchToken, "/service-99/small", 200},
			} {
				if got := statusOf(t, addr, tc.path, tc.token); got != tc.status {
					if k.name == "haproxy" && tc.status == 404 && got == 503 { // its answer if no rule fits
						continue
					}
					t.Errorf("%s with %q: status %d, want %d", tc.path, tc.token, got, tc.status)
				}
				if tc.status == 200 {
					if got := await.Value(t, shown, "the backend to be asked for "+tc.path); got != "Bearer "+benchCredential {
						t.Errorf("%s: the backend was shown %q", tc.path, got)
					}
				}
			}
		})
	}
}

func statusOf(t *testing.T, addr, path, token string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+addr+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", token)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}

func TestAdmit_plainIsTheSameWithoutAdmission(t *testing.T) {
	set := setup{Listen: "127.0.0.1:8000", Backends: []string{"127.0.0.1:1"}, Flags: admit.Flags, Admits: true}
	full := &Contender{Name: "tenfour", Kind: kinds[0]}
	text, err := full.Configuration(set)
	if n := strings.Count(text, "[[route]]"); err != nil || n != 100 || !strings.Contains(text, fmt.Sprintf("[limit.never]\nrate = %q", "1000000/1s")) {
		t.Errorf("%v, %d routes:\n%s", err, n, text)
	}
	plain := &Contender{Name: "tenfour-plain", Kind: kinds[0], Variant: &admit.Variants[0]}
	if text, err := plain.Configuration(set); err != nil || strings.TrimSpace(text) != "tenfour --listen 127.0.0.1:8000 --workers 64 --backend 127.0.0.1:1" {
		t.Errorf("plain: %v, %q", err, text)
	}
	command := strings.Join(admitRun(&Env{Sizes: quickSizes}).command("URL"), " ")
	if !strings.Contains(command, "-H Authorization: Bearer "+benchToken+" URL") {
		t.Errorf("ab shows no token: %s", command)
	}
}

func TestLeastCPU_keepsTheCheaperVisit(t *testing.T) {
	quiet, loud := map[string]float64{"cpu": 24, "rps": 22000}, map[string]float64{"cpu": 28, "rps": 12000}
	tests := map[string]struct{ earlier, now map[string]float64 }{
		"the first visit":      {nil, quiet},
		"the first was loud":   {loud, quiet},
		"the second was loud":  {quiet, loud},
		"a visit that told no": {map[string]float64{"pss": 12}, quiet},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := leastCPU(tc.earlier, tc.now); got["cpu"] != 24 || got["rps"] != 22000 {
				t.Errorf("got %v of %v and %v", got, tc.earlier, tc.now)
			}
		})
	}
}
