package front

import "testing"

// TestRedact_masksValuesThatMayBeCredentials, and changes nothing else of the target.
func TestRedact_masksValuesThatMayBeCredentials(t *testing.T) {
	for target, want := range map[string]string{
		"/":                          "/",
		"/token=1":                   "/token=1",
		"/?q=1&page=2":               "/?q=1&page=2",
		"/?token=s3cret":             "/?token=***",
		"/?a=1&api_key=s3cret&b=2":   "/?a=1&api_key=***&b=2",
		"/?ACCESS_TOKEN=s3cret":      "/?ACCESS_TOKEN=***",
		"/?a=1;password=s3cret;b=2":  "/?a=1;password=***;b=2",
		"/?to%6ben=s3cret":           "/?to%6ben=***",
		"/?token=":                   "/?token=***",
		"/?token":                    "/?token",
		"/?token=a=b&x=1":            "/?token=***&x=1",
		"/?X-Amz-Signature=s3&sig=4": "/?X-Amz-Signature=***&sig=***",
		"/?q=token":                  "/?q=token",
	} {
		if got := string(redact([]byte(target))); got != want {
			t.Errorf("redact(%q) = %q, want %q", target, got, want)
		}
	}
}
