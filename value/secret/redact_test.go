package secret

import "testing"

// TestRedact_masksValuesThatMayBeCredentials, and changes nothing else of the target.
func TestRedact_masksValuesThatMayBeCredentials(t *testing.T) {
	for target, want := range map[string]string{
		"/":                          "/",
		"/token=1":                   "/token=***",
		"/?q=1&page=2":               "/?q=1&page=2",
		"/?token=s3cret":             "/?token=***",
		"/?a=1&api_key=s3cret&b=2":   "/?a=1&api_key=***&b=2",
		"/?ACCESS_TOKEN=s3cret":      "/?ACCESS_TOKEN=***",
		"/?a=1;password=s3cret;b=2":  "/?a=1;password=***;b=2",
		"/?to%6ben=s3cret":           "/?to%6ben=***",
		"/?token=":                   "/?token=",
		"/?token":                    "/?token",
		"/?token=a=b&x=1":            "/?token=***&x=1",
		"/?X-Amz-Signature=s3&sig=4": "/?X-Amz-Signature=***&sig=***",
		"/?q=token":                  "/?q=token",
		"/?callback=https%3A%2F%2Fh%2F%3Ftoken%3Ds3&a=1": "/?callback=https%3A%2F%2Fh%2F%3Ftoken%3D***&a=1",
		"/?callback=https://h/?a=1%26to%6ben=s3&a=1":     "/?callback=https://h/?a=1%26to%6ben=***&a=1",
		"/?callback=https%3a%2f%2fh%2f%3fa%3d1&a=1":      "/?callback=https%3a%2f%2fh%2f%3fa%3d1&a=1",
		"/?callback=https://h/%3ftoken=%zz":              "/?callback=https://h/%3ftoken=***",
		"/?next=/login?sig=s3":                           "/?next=/login?sig=***",
		"https://h/#access_token=s3&state=1":             "https://h/#access_token=***&state=1",
		"/?a=1#token=s3":                                 "/?a=1#token=***",
		"/?token=s#3":                                    "/?token=***",
		"/?q=a=token":                                    "/?q=a=token",
		"/?next=%2Fx%253Ftoken%253Da%2526b%26c=1":        "/?next=%2Fx%253Ftoken%253D***%2526b%26c=1",
		"/?to%00ken=s3&a=1":                              "/?to%00ken=***&a=1",
		"/?user[password]=s3":                            "/?user[password]=***",
		"/a;jsessionid=s3?b=1":                           "/a;jsessionid=***",
		"/cb?code=s3&state=1":                            "/cb?code=***&state=1",
		"/?postcode=1":                                   "/?postcode=1",
		"/?token=\"a;b\";c=1":                            "/?token=***;c=1",
		"/.tenfour/jobs/0123456789abcdef0?a=1":           "/.tenfour/jobs/01234567***?a=1",
		"/%2etenfour/jobs/%30123456789ABCDEF":            "/%2etenfour/jobs/%301234567***",
		"/.tenfour//jobs/0123456789abcdef":               "/.tenfour//jobs/01234567***",
		"/jobs/0123456789":                               "/jobs/0123456789",
		"/?a=eyJhbGciOiJub25lIn0.e30.c2ln":               "/?a=***",
		"/eyJ.x":                                         "/eyJ.x",
		"http://a/b?c=d@e":                               "http://a/b?c=d@e",
		"https://user:pw@a/b?c":                          "https://***@a/b?c",
		"https://us@er:pw@a":                             "https://***@a",
		"HTTP:/u:pw@a/":                                  "HTTP:/***@a/",
		"http:\\\\u:pw@a/":                               "http:\\\\***@a/",
		"/path@x":                                        "/path@x",
		"android-app://com.x/y@z":                        "android-app://com.x/y@z",
		"//user:pw@a/b":                                  "//***@a/b",
		"user:pw@a:80":                                   "***@a:80",
		"person@a":                                       "person@a",
		"http://user:p%40@[::1]:8":                       "http://***@[::1]:8",
		"/?to=http%3A%2F%2Fu%3Ap%2540w%40h%2F&a=1":       "/?to=http%3A%2F%2F***%40h%2F&a=1",
		"<http://a/>, <http://u:p@b/>; rel=c":            "<http://a/>, <http://***@b/>; rel=c",
		"%":                                              "%",
		"%zz=%2":                                         "%zz=%2",
	} {
		if got := string(Redact([]byte(target))); got != want {
			t.Errorf("Redact(%q) = %q, want %q", target, got, want)
		}
	}
}
