package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

func exampleText(t *testing.T) string {
	var b strings.Builder
	if err := Example(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestExample_isTheDefault(t *testing.T) {
	text := exampleText(t)
	d, err := drawn(t, text)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(d.c, Default) {
		t.Errorf("got %+v\nwant %+v", d.c, Default)
	}
	for line := range strings.Lines(text) {
		if len(line) > 135 || strings.Contains(line, "`") || strings.Contains(line, "](") {
			t.Errorf("this line is too long, or marked up: %s", line)
		}
	}
}

// TestExample_hasEverySetting, and each can be switched on.
func TestExample_hasEverySetting(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("BACKEND_TOKEN", "hunter2")
	t.Setenv("CLIENT_TOKENS", "hunter2")
	t.Setenv("CONSOLE_TOKEN", "0123456789abcdef")
	t.Setenv("CALLBACK_SECRET", "whsec_"+base64.StdEncoding.EncodeToString(make([]byte, 32)))
	if err := os.Mkdir("public", 0o700); err != nil {
		t.Fatal(err)
	}
	writeCertificate(t, "cert.pem", "key.pem")

	text := exampleText(t)
	for _, s := range settings {
		table, key := s.table()
		if s.key == "" {
			continue
		}
		if !regexp.MustCompile(`(?m)^#?` + key + ` = `).MatchString(text) {
			t.Errorf("it has no %s", s.key)
		}
		if s.example == "" || s.key == "limit" || s.of == ofLimit { // these are looked at below
			continue
		}
		off := "#" + key + " = " + s.example + "\n"
		if strings.Count(text, off) == 0 {
			t.Errorf("no line is %s", off)
		}
		on := strings.Replace(text, off, off[1:], 1)
		on = strings.Replace(on, "#["+table+"]\n", "["+table+"]\n", 1)
		switch s.key { // these need another
		case "callback_allow", "callback_secret_file":
			on = strings.Replace(on, "async = false", "async = true", 1)
			on = strings.NewReplacer("#callback_allow", "callback_allow", "#callback_secret_file", "callback_secret_file").Replace(on)
		case "strip_prefix":
			on = strings.Replace(on, "#path = [\"/app/\", \"/favicon.ico\"]", "path = \"/app/\"", 1)
		case "tls_cert":
			on = strings.Replace(on, "#tls_key", "tls_key", 1)
		case "tls_key":
			on = strings.Replace(on, "#tls_cert", "tls_cert", 1)
		}
		if d, err := drawn(t, on); err != nil {
			t.Errorf("with %s it is wrong: %v", strings.TrimSpace(off[1:]), err)
		} else if reflect.DeepEqual(d.c, Default) {
			t.Errorf("%s changes nothing", off[1:])
		}
	}
}

// TestExample_hasRoutes that can be switched on, with the limit that they name.
func TestExample_hasRoutes(t *testing.T) {
	text := exampleText(t)
	_, routes, found := strings.Cut(text, "#[[route]]\n")
	if !found {
		t.Fatal("it has no routes")
	}
	on := regexp.MustCompile(`(?m)^#(\S)`).ReplaceAllString("#[[route]]\n"+routes, "$1")
	d, err := drawn(t, on)
	if err != nil {
		t.Fatalf("%v\n%s", err, on)
	}
	if len(d.c.Routes) != 2 || len(d.c.Limits) != 1 || d.c.Limits[0].Rate.N == 0 {
		t.Errorf("got %+v", d.c)
	}
}

// TestPages_haveFilesThatAreRight looks at every configuration in the guide.
func TestPages_haveFilesThatAreRight(t *testing.T) {
	pages, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{} // by where they are
	for _, page := range append(pages, "../README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for i, block := range strings.Split(string(text), "```toml\n")[1:] {
			block, _, _ = strings.Cut(block, "\n```")
			found[fmt.Sprintf("%s: file %d", page, i+1)] = block
		}
	}
	if len(found) < 3 {
		t.Fatalf("there are only %d", len(found))
	}
	t.Chdir(t.TempDir())
	for _, variable := range []string{"ADMIN_TOKENS", "CLIENT_TOKENS", "BACKEND_TOKEN"} {
		t.Setenv(variable, "ann hunter2")
	}
	for _, name := range []string{"readers", "tokens", "token"} { // what they name
		if err := os.WriteFile(name, []byte("ann hunter2"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile("callback.key", []byte(testKey), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir("public", 0o700); err != nil {
		t.Fatal(err)
	}
	for where, text := range found {
		if _, err := drawn(t, text); err != nil {
			t.Errorf("%s:\n%v", where, err)
		}
	}
}

func writeCertificate(t *testing.T, cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	pkcs, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pkcs}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestExample_namesPagesThatExist: a comment cannot link, so it names the file.
func TestExample_namesPagesThatExist(t *testing.T) {
	var file strings.Builder
	if err := Example(&file); err != nil {
		t.Fatal(err)
	}
	pages := 0
	for _, word := range strings.Fields(file.String()) {
		at := strings.Index(word, "docs/")
		if at < 0 {
			continue
		}
		pages++
		if page, _, ok := strings.Cut(word[at:], ".md"); !ok {
			t.Errorf("%q is no page", word)
		} else if _, err := os.Stat("../" + page + ".md"); err != nil {
			t.Errorf("%q: %v", word, err)
		}
	}
	if pages < 10 {
		t.Errorf("%d pages are named, want 10 or more", pages)
	}
}
