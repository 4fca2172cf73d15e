package httpparse

import (
	"strings"
	"testing"
)

func TestResponse_refuses(t *testing.T) {
	tests := map[string]struct {
		raw  string
		want *flaw
	}{
		"a body as in HTTP/0.9":               {"<html>hello</html>", statusNotHTTP},
		"five empty lines in front":           {"\r\n\n\r\n\n\r\nHTTP/1.1 200 OK\r\n\r\n", emptyLines},
		"only empty lines":                    {"\n\n\n\n\n", emptyLines},
		"a bare CR in front":                  {"\rHTTP/1.1 200 OK\r\n\r\n", bareCR},
		"a space in front":                    {" HTTP/1.1 200 OK\r\n\r\n", statusNotHTTP},
		"an empty line and another protocol":  {"\r\nICY 200 OK\r\n\r\n", statusNotHTTP},
		"two spaces and no code":              {"HTTP/1.1  \r\n\r\n", statusNotCode},
		"two spaces and a code of two digits": {"HTTP/1.1  20 OK\r\n\r\n", statusNotCode},
		"a space and a tab before the code":   {"HTTP/1.1 \t200 OK\r\n\r\n", statusNotCode},
		"a space within the code":             {"HTTP/1.1 2 00 OK\r\n\r\n", statusNotCode},
		"a NUL in a fold":                     {"HTTP/1.1 200 OK\r\nX: a\r\n b\x00\r\n\r\n", controlInValue},
		"a NUL after a control byte":          {"HTTP/1.1 200 OK\r\nX: a\x01\x00\r\n\r\n", controlInValue},
		"a control byte in a length":          {"HTTP/1.1 200 OK\r\nContent-Length: 5\x01\r\n\r\n", controlInValue},
		"a control byte in a coding":          {"HTTP/1.1 200 OK\r\nTransfer-Encoding: \x0bchunked\r\n\r\n", controlInValue},
		"a space before a coding's colon":     {"HTTP/1.1 200 OK\r\nTransfer-Encoding\t: chunked\r\n\r\n", spaceInFraming},
		"a space in a name":                   {"HTTP/1.1 200 OK\r\nHello world: 5\r\n\r\n", notAName},
		"a space after a name, and no colon":  {"HTTP/1.1 200 OK\r\nHello \r\n\r\n", noColon},
		"the same with a bare LF":             {"HTTP/1.1 200 OK\r\nHello \t\n\r\n", noColon},
		"a bare CR after a name and a space":  {"HTTP/1.1 200 OK\r\nHello \r: 5\r\n\r\n", bareCR},
		"a bad length beside a coding":        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: x\r\n\r\n", lengthNotNumber},
		"two lengths beside a coding":         {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n", lengthsDiffer},
		"identity and chunked":                {"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity, chunked\r\n\r\n", codingUnknown},
		"identity, then chunked":              {"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n", codingsRepeated},
		"gzip in 1.0":                         {"HTTP/1.0 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", codingUnknown},
		"201 names in Connection":             {"HTTP/1.1 200 OK\r\nConnection: " + strings.Repeat("a,", 201) + "\r\n\r\n", tooManyOptions},
		"HTTP/2.0":                            {"HTTP/2.0 200 OK\r\n\r\n", statusNotHTTP},
		"HTTP/2":                              {"HTTP/2 200\r\n\r\n", statusNotHTTP},
		"HTTP/0.9":                            {"HTTP/0.9 200 OK\r\n\r\n", statusNotHTTP},
		"HTTP/1.10":                           {"HTTP/1.10 200 OK\r\n\r\n", statusNotHTTP},
		"HTTP/1":                              {"HTTP/1 200 OK\r\n\r\n", statusNotHTTP},
		"http/1.1":                            {"http/1.1 200 OK\r\n\r\n", statusNotHTTP},
		"another protocol":                    {"ICY 200 OK\r\n\r\n", statusNotHTTP},
		"a request":                           {"GET / HTTP/1.1\r\n\r\n", statusNotHTTP},
		"a tab for a separator":               {"HTTP/1.1\t200 OK\r\n\r\n", statusNotHTTP},
		"no code":                             {"HTTP/1.1 \r\n\r\n", statusNotCode},
		"a code of two digits":                {"HTTP/1.1 20 OK\r\n\r\n", statusNotCode},
		"a code of four digits":               {"HTTP/1.1 2000 OK\r\n\r\n", statusNotCode},
		"a code below 100":                    {"HTTP/1.1 099 OK\r\n\r\n", statusNotCode},
		"a code with a sign":                  {"HTTP/1.1 +20 OK\r\n\r\n", statusNotCode},
		"a code with a letter":                {"HTTP/1.1 2x0 OK\r\n\r\n", statusNotCode},
		"a code that begins with a letter":    {"HTTP/1.0 d00\n\n", statusNotCode},
		"a version with a letter":             {"HTTP/1.d 200 OK\r\n\r\n", statusNotHTTP},
		"a code and a tab":                    {"HTTP/1.1 200\tOK\r\n\r\n", statusNotCode},
		"a bare CR in the reason":             {"HTTP/1.1 200 O\rK\r\n\r\n", bareCR},
		"CR CR LF after the code":             {"HTTP/1.1 200\r\r\n\r\n", bareCR},
		"a bare CR in a value":                {"HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n", bareCR},
		"CR CR LF after a value":              {"HTTP/1.1 200 OK\r\nX: a\r\r\n\r\n", bareCR},
		"a bare CR for the empty line":        {"HTTP/1.1 200 OK\r\nX: a\r\n\rX", bareCR},
		"a NUL in a value":                    {"HTTP/1.1 200 OK\r\nX: a\x00b\r\n\r\n", controlInValue},
		"a bare CR in a fold":                 {"HTTP/1.1 200 OK\r\nX: a\r\n b\rc\r\n\r\n", bareCR},
		"a space before the colon":            {"HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\n", spaceInFraming},
		"an empty name":                       {"HTTP/1.1 200 OK\r\n: 5\r\n\r\n", emptyName},
		"no colon":                            {"HTTP/1.1 200 OK\r\nHello\r\n\r\n", noColon},
		"no colon and a bare LF":              {"HTTP/1.1 200 OK\r\nHello\n\r\n", noColon},
		"a name that is no token":             {"HTTP/1.1 200 OK\r\nHello(: 1\r\n\r\n", notAName},
		"a fold before the first field":       {"HTTP/1.1 200 OK\r\n X: a\r\n\r\n", foldedFirst},
		"a fold in Content-Length":            {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n 6\r\n\r\n", foldedFraming},
		"a fold that looks empty in a length": {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n \r\n\r\n", foldedFraming},
		"a fold in Transfer-Encoding":         {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\tx\r\n\r\n", foldedFraming},
		"a length that begins in a fold":      {"HTTP/1.1 200 OK\r\nContent-Length:\r\n 5\r\n\r\n", lengthNotNumber},
		"lengths that differ":                 {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", lengthsDiffer},
		"lengths that differ in a list":       {"HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\n", lengthsDiffer},
		"lengths that differ by a zero":       {"HTTP/1.1 200 OK\r\nContent-Length: 5, 05\r\n\r\n", lengthsDiffer},
		"a length and an empty one":           {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length:\r\n\r\n", lengthNotNumber},
		"a length and an empty element":       {"HTTP/1.1 200 OK\r\nContent-Length: 5,,5\r\n\r\n", lengthNotNumber},
		"a length and a comma":                {"HTTP/1.1 200 OK\r\nContent-Length: 5,\r\n\r\n", lengthNotNumber},
		"a length with a sign":                {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", lengthNotNumber},
		"a length of 2^63":                    {"HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\n", lengthTooLarge},
		"a bad length without a body":         {"HTTP/1.1 304 Not Modified\r\nContent-Length: x\r\n\r\n", lengthNotNumber},
		"two codings":                         {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", codingsRepeated},
		"gzip, chunked":                       {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", codingUnknown},
		"chunked, chunked":                    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", codingMalformed},
		"an empty coding":                     {"HTTP/1.1 200 OK\r\nTransfer-Encoding: \r\n\r\n", codingMalformed},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) { wantRefused(t, freshResponse(Get, nil), tc.raw, tc.want) })
	}
}

func TestResponse_accepts(t *testing.T) {
	tests := map[string]struct {
		verb      Verb
		raw, want string
	}{
		"a length":                              {Get, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "38 bytes: 200 \"OK\" 1.1, length 5, keep-alive; [Content-Length=5]"},
		"no reason":                             {Get, "HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\n", "36 bytes: 200 \"\" 1.1, length 5, keep-alive; [Content-Length=5]"},
		"no reason and no space":                {Get, "HTTP/1.1 200\r\nContent-Length: 5\r\n\r\n", "35 bytes: 200 \"\" 1.1, length 5, keep-alive; [Content-Length=5]"},
		"control bytes in the reason":           {Get, "HTTP/1.1 200 \x00O\tK\x1b \x7f\xe9\r\nContent-Length: 5\r\n\r\n", "44 bytes: 200 \"O\\tK \\xe9\" 1.1, length 5, keep-alive; [Content-Length=5]"},
		"an unknown status":                     {Get, "HTTP/1.1 999 What\r\nContent-Length: 5\r\n\r\n", "40 bytes: 999 \"What\" 1.1, length 5, keep-alive; [Content-Length=5]"},
		"1.2 counts as 1.1":                     {Get, "HTTP/1.2 200 OK\r\nContent-Length: 5\r\n\r\n", "38 bytes: 200 \"OK\" 1.1, length 5, keep-alive; [Content-Length=5]"},
		"1.0 up to the close":                   {Get, "HTTP/1.0 200 OK\r\n\r\n", "19 bytes: 200 \"OK\" 1.0, until close;"},
		"1.0 with keep-alive":                   {Get, "HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: Keep-Alive\r\n\r\n", "62 bytes: 200 \"OK\" 1.0, length 5, keep-alive; [Content-Length=5] [Connection*=Keep-Alive]"},
		"1.1 with close":                        {Get, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: x, close\r\nX: 1\r\n\r\n", "66 bytes: 200 \"OK\" 1.1, length 5; [Content-Length=5] [Connection*=x, close] [X*=1]"},
		"1.1 up to the close":                   {Get, "HTTP/1.1 200 OK\r\n\r\n", "19 bytes: 200 \"OK\" 1.1, until close, keep-alive;"},
		"chunked":                               {Get, "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nTrailer: X\r\n\r\n", "59 bytes: 200 \"OK\" 1.1, chunked, keep-alive; [Transfer-Encoding*=Chunked] [Trailer*=X]"},
		"bare LFs":                              {Get, "HTTP/1.0 200 OK\nContent-Type: text/plain\nX:\n\nbody", "45 bytes: 200 \"OK\" 1.0, until close; [Content-Type=text/plain] [X=]"},
		"bare LFs and no reason":                {Get, "HTTP/1.0 200\nX: a\r\nY: b\n\r\n", "26 bytes: 200 \"\" 1.0, until close; [X=a] [Y=b]"},
		"four empty lines in front":             {Get, "\r\n\n\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "44 bytes: 200 \"OK\" 1.1, length 5, keep-alive; [Content-Length=5]"},
		"several spaces in the status-line":     {Get, "HTTP/1.1   200    Oh well\r\nContent-Length: 5\r\n\r\n", "48 bytes: 200 \"Oh well\" 1.1, length 5, keep-alive; [Content-Length=5]"},
		"several spaces and no reason":          {Get, "HTTP/1.1  204  \n\n", "17 bytes: 204 \"\" 1.1, no body, keep-alive;"},
		"line ends of both kinds":               {Get, "HTTP/1.1 200 OK\nContent-Length: 5\r\nX: y\n\r\n", "42 bytes: 200 \"OK\" 1.1, length 5, keep-alive; [Content-Length=5] [X=y]"},
		"control bytes in values":               {Get, "HTTP/1.1 200 OK\r\nX: a\x01b\x7f\x1b\x0bc\tq\r\nY: \x02d\x03\r\nZ: \x04\r\n\r\n", "47 bytes: 200 \"OK\" 1.1, until close, keep-alive; [X=a b   c\tq] [Y=d] [Z=]"},
		"a control byte in a fold":              {Get, "HTTP/1.1 200 OK\r\nX: a\r\n b\x01c\r\n\r\n", "31 bytes: 200 \"OK\" 1.1, until close, keep-alive; [X=a b c]"},
		"white space before a colon":            {Get, "HTTP/1.1 200 OK\r\nX : a\r\nSet-Cookie \t : b\r\nDate\t:c\r\n\r\n", "53 bytes: 200 \"OK\" 1.1, until close, keep-alive, dated; [X=a] [Set-Cookie=b] [Date=c]"},
		"white space before the colon of close": {Get, "HTTP/1.1 200 OK\r\nConnection : close\r\nContent-Length: 5\r\n\r\n", "58 bytes: 200 \"OK\" 1.1, length 5; [Connection*=close] [Content-Length=5]"},
		"length, then coding":                   {Get, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "66 bytes: 200 \"OK\" 1.1, chunked; [Content-Length=5] [Transfer-Encoding*=chunked]"},
		"coding, then length":                   {Get, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", "66 bytes: 200 \"OK\" 1.1, chunked; [Transfer-Encoding*=chunked] [Content-Length=5]"},
		"both lengths to HEAD":                  {Head, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", "66 bytes: 200 \"OK\" 1.1, no body; [Transfer-Encoding*=chunked] [Content-Length=5]"},
		"both lengths and no body":              {Get, "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", "74 bytes: 204 \"No Content\" 1.1, no body; [Transfer-Encoding*=chunked] [Content-Length=5]"},
		"chunked in 1.0":                        {Get, "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n", "71 bytes: 200 \"OK\" 1.0, chunked; [Connection*=keep-alive] [Transfer-Encoding*=chunked]"},
		"identity":                              {Get, "HTTP/1.1 200 OK\r\nTransfer-Encoding: Identity\r\n\r\n", "48 bytes: 200 \"OK\" 1.1, until close, keep-alive; [Transfer-Encoding*=Identity]"},
		"identity and a length":                 {Get, "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 5\r\n\r\n", "67 bytes: 200 \"OK\" 1.1, length 5, keep-alive; [Transfer-Encoding*=identity] [Content-Length=5]"},
		"identity in 1.0":                       {Get, "HTTP/1.0 200 OK\r\nTransfer-Encoding: identity\r\n\r\n", "48 bytes: 200 \"OK\" 1.0, until close; [Transfer-Encoding*=identity]"},
		"a fold":                                {Get, "HTTP/1.1 200 OK\r\nX: aa\r\n  bb \r\nY: c\r\n\r\n", "39 bytes: 200 \"OK\" 1.1, until close, keep-alive; [X=aa bb] [Y=c]"},
		"a fold after white space":              {Get, "HTTP/1.1 200 OK\r\nX: aa \t\r\n\t \tbb\r\n\r\n", "35 bytes: 200 \"OK\" 1.1, until close, keep-alive; [X=aa bb]"},
		"a fold with bare LFs":                  {Get, "HTTP/1.1 200 OK\nX: aa\n bb\n cc\n\n", "31 bytes: 200 \"OK\" 1.1, until close, keep-alive; [X=aa bb cc]"},
		"three folds":                           {Get, "HTTP/1.1 200 OK\r\nX: aa\r\n b\r\n  ccccc\r\n dd\r\nY: e\r\n\r\n", "50 bytes: 200 \"OK\" 1.1, until close, keep-alive; [X=aa b ccccc dd] [Y=e]"},
		"a fold of an empty value":              {Get, "HTTP/1.1 200 OK\r\nX:\r\n aa\r\n bb\r\n\r\n", "33 bytes: 200 \"OK\" 1.1, until close, keep-alive; [X=aa bb]"},
		"folds that look empty":                 {Get, "HTTP/1.1 200 OK\r\nX: aa\r\n \r\n\t\r\n bb\r\nY:\r\n \r\n\r\n", "44 bytes: 200 \"OK\" 1.1, until close, keep-alive; [X=aa bb] [Y=]"},
		"a fold in Connection":                  {Get, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: a,\r\n close\r\n\r\n", "62 bytes: 200 \"OK\" 1.1, length 5; [Content-Length=5] [Connection*=a, close]"},
		"a fold in Content-Type":                {Get, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type:\r\n text/event-stream\r\n\r\n", "73 bytes: 200 \"OK\" 1.1, length 5, keep-alive, events; [Content-Length=5] [Content-Type=text/event-stream]"},
		"a body that looks like a fold":         {Get, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n body", "38 bytes: 200 \"OK\" 1.1, length 5, keep-alive; [Content-Length=5]"},
		"equal lengths":                         {Get, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\ncontent-length: 5 \r\n\r\n", "58 bytes: 200 \"OK\" 1.1, length 5, keep-alive; [Content-Length=5] [content-length=5]"},
		"equal lengths in lists":                {Get, "HTTP/1.1 200 OK\r\nContent-Length: 05, 05\r\ncontent-length: 05\t,05,05\r\n\r\n", "70 bytes: 200 \"OK\" 1.1, length 5, keep-alive; [Content-Length=05, 05] [content-length=05\t,05,05]"},
		"the answer to HEAD":                    {Head, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "38 bytes: 200 \"OK\" 1.1, no body 5, keep-alive; [Content-Length=5]"},
		"the answer to HEAD, chunked":           {Head, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "47 bytes: 200 \"OK\" 1.1, no body, keep-alive; [Transfer-Encoding*=chunked]"},
		"204":                                   {Get, "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "46 bytes: 204 \"No Content\" 1.1, no body 5, keep-alive; [Content-Length=5]"},
		"304":                                   {Get, "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "48 bytes: 304 \"Not Modified\" 1.1, no body 5, keep-alive; [Content-Length=5]"},
		"304, chunked":                          {Get, "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", "57 bytes: 304 \"Not Modified\" 1.1, no body, keep-alive; [Transfer-Encoding*=chunked]"},
		"100":                                   {Post, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n", "25 bytes: 100 \"Continue\" 1.1, no body, keep-alive;"},
		"103 with a length":                     {Get, "HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n", "47 bytes: 103 \"Early Hints\" 1.1, no body, keep-alive; [Content-Length=5]"},
		"103 with two lengths":                  {Get, "HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "75 bytes: 103 \"Early Hints\" 1.1, no body, keep-alive; [Content-Length=5] [Transfer-Encoding*=chunked]"},
		"205 has the body that its fields say":  {Get, "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n", "49 bytes: 205 \"Reset Content\" 1.1, length 0, keep-alive; [Content-Length=0]"},
		"101 to a WebSocket":                    {Get, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\r\n", "77 bytes: 101 \"Switching Protocols\" 1.1, no body, keep-alive, websocket; [Upgrade*=WebSocket] [Connection*=Upgrade]"},
		"101 to something else":                 {Get, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", "71 bytes: 101 \"Switching Protocols\" 1.1, no body, keep-alive; [Upgrade*=h2c] [Connection*=Upgrade]"},
		"200 with Upgrade":                      {Get, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "79 bytes: 200 \"OK\" 1.1, length 0, keep-alive; [Content-Length=0] [Upgrade*=websocket] [Connection*=Upgrade]"},
		"Date":                                  {Get, "HTTP/1.1 200 OK\r\ndate: Sat, 21 Nov 2026 03:00:00 GMT\r\nContent-Length: 5\r\n\r\n", "75 bytes: 200 \"OK\" 1.1, length 5, keep-alive, dated; [date=Sat, 21 Nov 2026 03:00:00 GMT] [Content-Length=5]"},
		"an event stream":                       {Get, "HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n", "95 bytes: 200 \"OK\" 1.1, chunked, keep-alive, events; [Content-Type=Text/Event-Stream; charset=utf-8] [Transfer-Encoding*=chunked]"},
		"a type that resembles an event stream": {Get, "HTTP/1.1 200 OK\r\nContent-Type: text/event-streams\r\nContent-Length: 5\r\n\r\n", "72 bytes: 200 \"OK\" 1.1, length 5, keep-alive; [Content-Type=text/event-streams] [Content-Length=5]"},
		"connection-specific fields":            {Get, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nKeep-Alive: timeout=5\r\nProxy-Connection: x\r\nConnection: x-one, content-length, set-cookie\r\nX-One: 1\r\nSet-Cookie: a\r\n\r\n", "154 bytes: 200 \"OK\" 1.1, length 5, keep-alive; [Content-Length=5] [Keep-Alive*=timeout=5] [Proxy-Connection*=x] [Connection*=x-one, content-length, set-cookie] [X-One*=1] [Set-Cookie*=a]"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := parseEveryCut(t, freshResponse(tc.verb, nil), tc.raw); got != tc.want {
				t.Errorf("got  %s\nwant %s\ninput: %q", got, tc.want, tc.raw)
			}
		})
	}
}

func TestResponse_foldsAtAnySize(t *testing.T) {
	raw := "HTTP/1.1 200 OK\r\nX: 0" + strings.Repeat("\r\n 1", 9000) + "\r\n\r\n"
	r := new(Response)
	buf := []byte(raw)
	if n, err := r.Parse(buf, Get, nil); n != len(raw) || err != nil {
		t.Fatal(n, err)
	}
	if got, want := string(r.Fields[0].Value.In(buf)), "0"+strings.Repeat(" 1", 9000); got != want {
		t.Errorf("got %d bytes, want %d", len(got), len(want))
	}
}
