package httpparse

import "testing"

func TestAlias(t *testing.T) {
	for name, want := range map[string]FieldID{
		"X_Forwarded_For":   FieldXForwardedFor,
		"x-forwarded_PROTO": FieldXForwardedProto,
		"X.Forwarded~Host":  FieldXForwardedHost,
		"Content_Length":    FieldContentLength,
		"Transfer_Encoding": FieldTransferEncoding,
		"HTTP2_Settings":    FieldHTTP2Settings,
		"X-Forwarded-For":   FieldOther, // the field itself passes for none
		"Host":              FieldOther,
		"X_Forwarded_Fo":    FieldOther,
		"X_Forwarded_For_":  FieldOther,
		"_":                 FieldOther,
		"X_a_name_that_is_longer_than_any_that_is_known": FieldOther,
	} {
		if got := Alias([]byte(name)); got != want {
			t.Errorf("Alias(%q) = %d, want %d", name, got, want)
		}
	}
}

func TestSameField(t *testing.T) {
	for _, tc := range []struct {
		name, field string
		want        bool
	}{
		{"X-Api-Key", "X-Api-Key", true},
		{"x_api-KEY", "X-Api-Key", true},
		{"X-Api-Key", "x_api_key", true},
		{"X-Api-Keys", "X-Api-Key", false},
		{"XxApixKey", "X-Api-Key", false},
		{"X1Api-Key", "X-Api-Key", false},
	} {
		if got := SameField([]byte(tc.name), tc.field); got != tc.want {
			t.Errorf("SameField(%q, %q) = %t, want %t", tc.name, tc.field, got, tc.want)
		}
	}
}

// TestRequest_oddNamesAreSeenAtEveryCut: the byte may be the last that was there before a pause.
func TestRequest_oddNamesAreSeenAtEveryCut(t *testing.T) {
	for name, want := range map[string]bool{
		"X_Forwarded_For": true, "Aaaaaaaaa_": true, "_Aaaaaaaaa": true, "X.Y": true, "A1-b2": false, "Plain": false, "HTTP2-Settings": false,
	} {
		raw := "GET / HTTP/1.1\r\nHost: a\r\n" + name + ": x_y\r\nUser-Agent: a_b\r\n\r\n"
		for cut := 0; cut < len(raw); cut++ {
			var r Request
			r.Reset()
			if _, err := r.Parse([]byte(raw[:cut]), nil); err != ErrPartial {
				t.Fatalf("%q cut at %d: %v", raw, cut, err)
			}
			if _, err := r.Parse([]byte(raw), nil); err != nil || r.OddNames != want {
				t.Errorf("%q cut at %d: OddNames %t (%v), want %t", raw, cut, r.OddNames, err, want)
			}
		}
	}
}

func TestIsLogin(t *testing.T) {
	for value, want := range map[string]bool{
		"NTLM": true, "ntlm TlRM": true, "Negotiate": true, "Basic realm=x,Negotiate": true, "Basic realm=\"a\",\tNTLM": true,
		"Digest a=b, nEgOtIaTe oYG2": true, "": false, "Basic": false, "NTLMx": false, "xNTLM": false, "Bearer negotiate.d": false, ",;": false,
	} {
		if got := IsLogin([]byte(value)); got != want {
			t.Errorf("IsLogin(%q) = %t, want %t", value, got, want)
		}
	}
}

func TestIsForwarded_ofWhichNames(t *testing.T) {
	for name, want := range map[string][2]bool{
		"Forwarded": {true, false}, "FORWARDED": {true, false}, "X-Real-IP": {true, false}, "X-Forwarded-Port": {true, false}, "x-forwarded-a_b": {true, true},
		"X_Real_IP": {true, true}, "X-Forwarded_Port": {true, true}, "x.forwarded-a": {true, true},
		"": {}, "X": {}, "X-": {}, "Forwarde": {}, "Forwarded-": {}, "X-Forwarded": {}, "X-Forwarded-": {}, "X-Real-IP-": {}, "A-Forwarded-Port": {}, "XX-Real-IP": {},
	} {
		if is, alias := IsForwarded([]byte(name)); is != want[0] || alias != want[1] {
			t.Errorf("%q: got %t, %t, want %v", name, is, alias, want)
		}
	}
}
