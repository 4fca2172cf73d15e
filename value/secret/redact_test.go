package secret

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
		"/?callback=https%3A%2F%2Fh%2F%3Ftoken%3Ds3&a=1": "/?callback=***&a=1",
		"/?callback=https://h/?a=1%26to%6ben=s3&a=1":     "/?callback=***&a=1",
		"/?callback=https%3a%2f%2fh%2f%3fa%3d1&a=1":      "/?callback=https%3a%2f%2fh%2f%3fa%3d1&a=1",
		"/?callback=https://h/%3ftoken=%zz":              "/?callback=https://h/%3ftoken=%zz",
		"/?next=/login?sig=s3":                           "/?next=***",
		"https://h/#access_token=s3&state=1":             "https://h/#access_token=***&state=1",
		"/?a=1#token=s3":                                 "/?a=1#token=***",
		"/?token=s#3":                                    "/?token=***",
		"/?q=a=token":                                    "/?q=a=token",
	} {
		if got := string(Redact([]byte(target))); got != want {
			t.Errorf("Redact(%q) = %q, want %q", target, got, want)
		}
	}
}

func TestWithoutUser_masksWhatMayBeAPassword(t *testing.T) {
	for url, want := range map[string]string{
		"http://a/b?c=d@e":         "http://a/b?c=d@e",
		"https://user:pw@a/b?c":    "https://***@a/b?c",
		"https://us@er:pw@a":       "https://***@a",
		"/path@x":                  "/path@x",
		"android-app://com.x/y@z":  "android-app://com.x/y@z",
		"//user:pw@a/b":            "//***@a/b",
		"user:pw@a:80":             "***@a:80",
		"person@a":                 "person@a",
		"/a//user:pw@b":            "/a//user:pw@b",
		"":                         "",
		"http://user:p%40@[::1]:8": "http://***@[::1]:8",
	} {
		if got := string(WithoutUser([]byte(url))); got != want {
			t.Errorf("%q: got %q, want %q", url, got, want)
		}
	}
}
