package field

import (
	"strings"
	"testing"
)

func TestCheckName_refusesWhatIsNotForAnEdit(t *testing.T) {
	for name, says := range map[string]string{
		"X-Api-Key": "", "server": "", "Host": "", "Via": "", "TEA": "", "": "letters", "X Key": "letters", "X-Ü": "letters", "X:": "letters",
		"Connection": "connection", "keep-alive": "connection", "PROXY-CONNECTION": "connection", "TE": "connection", "Trailer": "connection",
		"Transfer-Encoding": "connection", "Upgrade": "connection", "HTTP2-Settings": "connection", "Content-Length": "connection", "expect": "connection",
	} {
		err := CheckName(name)
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%q: got %v, want %q", name, err, says)
		}
		if name != "Host" {
			if also := CheckRequestName(name); (also == nil) != (err == nil) {
				t.Errorf("%q in a request: got %v", name, also)
			}
		}
	}
	if err := CheckRequestName("host"); err == nil || !strings.Contains(err.Error(), `host = "keep"`) {
		t.Errorf("host: got %v", err)
	}
}

func TestCheckValue_refusesLineBreaksAndSpacesAround(t *testing.T) {
	for value, ok := range map[string]bool{
		"": true, "a": true, "a\tb c": true, "ä": true, " a": false, "a\t": false, "a\nb": false, "a\rb": false, "\x00": false, "a\x7f": false,
	} {
		if err := CheckValue(value); (err == nil) != ok {
			t.Errorf("%q: got %v", value, err)
		}
	}
}
