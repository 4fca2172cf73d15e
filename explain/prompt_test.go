package explain

import "testing"

func TestUnprompted_leavesOutWhatIsTheTerminals(t *testing.T) {
	const message = "GET / HTTP/1.1\nHost: a\n\nHTTP/1.1 200 OK\nContent-Length: 3\n\nok\n"
	tests := map[string]struct {
		before, after string
		left          int
	}{
		"a shell's prompts":      {"$ nc -C 127.0.0.1 8000\n", "$ \n", 2},
		"a name and a host":      {"ann@lab:~/x y$ printf 'GET' | nc -N a 80\n", "ann@lab:~/x y$ ", 2},
		"a root's":               {"[root@lab ~]# nc a 80\r\n", "[root@lab ~]#", 2},
		"bash without a profile": {"bash-5.2$ nc a 80\n", "", 1},
		"nc -v":                  {"$ nc -v localhost 80\nConnection to localhost (127.0.0.1) 80 port [tcp/http] succeeded!\n", "", 2},
		"telnet":                 {"Trying 127.0.0.1...\nConnected to localhost.\nEscape character is '^]'.\n", "Connection closed by foreign host.\n", 4},
		"nothing":                {"", "", 0},
	}
	for name, tc := range tests {
		if rest, left := Unprompted([]byte(tc.before + message + tc.after)); string(rest) != message || left != tc.left {
			t.Errorf("%s: got %q, %d left out; want %q, %d", name, rest, left, message, tc.left)
		}
	}
	for _, raw := range []string{
		"",
		"$ nc a 80\n",
		"$ nc a 80\nhello\n",
		"$ / HTTP/1.1\nHost: a\n\n", // a method may be "$"
		"x# / HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET / HTTP/1.1\n\n$ \n", // the content of a message may be anything
	} {
		if rest, left := Unprompted([]byte(raw)); string(rest) != raw || left != 0 {
			t.Errorf("%q: got %q, %d left out; want nothing left out", raw, rest, left)
		}
	}
}

func TestDump_tellsARecordFromTheBytes(t *testing.T) {
	for raw, want := range map[string]bool{
		"00000000  47 45 54 20 2f 20 48 54  54 50 2f 31 2e 31 0d 0a  |GET / HTTP/1.1..|\n": true,
		"00000000: 4745 5420 2f20 4854 5450 2f31 2e31 0d0a  GET / HTTP/1.1..\n":            true,
		"\t0x0000:  4500 003c 1c46 4000 4006 b1e6 ac10 0a63\n":                             true,
		"0000000 47 45 54 20\n":            true,
		"\xd4\xc3\xb2\xa1\x02\x00\x04\x00": true,
		"\n\r\r\n\x1c\x00\x00\x00":         true,
		"":                                 false,
		"GET / HTTP/1.1\r\n":               false,
		"5\r\nhello\r\n":                   false,
		"\r\n\r\nGET / HTTP/1.1\r\n":       false,
	} {
		if got := Dump([]byte(raw)); (got != "") != want {
			t.Errorf("%q: got %q, want a record: %t", raw, got, want)
		}
	}
}
