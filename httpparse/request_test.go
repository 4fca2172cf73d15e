package httpparse

import (
	"strings"
	"testing"
)

func TestRequest_refuses(t *testing.T) {
	tests := map[string]struct {
		raw  string
		want *flaw
	}{
		// The request-line.
		"a tab for a separator":                 {"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", methodNotEnded},
		"two spaces before the target":          {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", targetEmpty},
		"two spaces before the version":         {"GET /  HTTP/1.1\r\nHost: a\r\n\r\n", versionSpace},
		"a tab before the version":              {"GET /\tHTTP/1.1\r\nHost: a\r\n\r\n", targetByte},
		"VT before the version":                 {"GET /\x0bHTTP/1.1\r\nHost: a\r\n\r\n", targetByte},
		"FF before the target":                  {"GET\x0c/ HTTP/1.1\r\nHost: a\r\n\r\n", methodNotToken},
		"a leading space":                       {" GET / HTTP/1.1\r\nHost: a\r\n\r\n", methodNotFirst},
		"a leading tab":                         {"\tGET / HTTP/1.1\r\nHost: a\r\n\r\n", methodNotFirst},
		"a space after the version":             {"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", versionNotLast},
		"a tab after the version":               {"GET / HTTP/1.1\t\r\nHost: a\r\n\r\n", versionNotLast},
		"five empty lines in front":             {"\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", emptyLines},
		"a bare LF in front":                    {"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", mixedEnds},
		"a bare CR in front":                    {"\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", bareCR},
		"CR CR LF in front":                     {"\r\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", bareCR},
		"a bare LF after an empty line":         {"\r\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", mixedEnds},
		"a method with a byte of no token":      {"G(T / HTTP/1.1\r\nHost: a\r\n\r\n", methodNotToken},
		"a method with a high byte":             {"G\xc3\x84T / HTTP/1.1\r\nHost: a\r\n\r\n", methodNotToken},
		"a NUL in the method":                   {"G\x00T / HTTP/1.1\r\nHost: a\r\n\r\n", methodNotToken},
		"only a method":                         {"GET\r\n\r\n", methodNotEnded},
		"only a method and a bare LF":           {"GET\n\n", methodNotEnded},
		"a method of 33 bytes":                  {strings.Repeat("M", 33) + " / HTTP/1.1\r\nHost: a\r\n\r\n", methodTooLong},
		"a space in the target":                 {"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", versionNotNext},
		"no version but a word":                 {"GET /a b\r\nHost: a\r\n\r\n", versionNotNext},
		"no version but spaces":                 {"GET /a  \r\nHost: a\r\n\r\n", versionSpace},
		"CONNECT":                               {"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", methodConnect},
		"HTTP/0.9":                              {"GET / HTTP/0.9\r\nHost: a\r\n\r\n", versionNotOurs},
		"HTTP/2.0":                              {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", versionNotOurs},
		"HTTP/3.0":                              {"GET / HTTP/3.0\r\nHost: a\r\n\r\n", versionNotOurs},
		"HTTP/9.9":                              {"GET / HTTP/9.9\r\nHost: a\r\n\r\n", versionNotOurs},
		"HTTP/1":                                {"GET / HTTP/1\r\nHost: a\r\n\r\n", versionNotHTTP},
		"HTTP/1.":                               {"GET / HTTP/1.\r\nHost: a\r\n\r\n", versionNotHTTP},
		"HTTP/1.10":                             {"GET / HTTP/1.10\r\nHost: a\r\n\r\n", versionNotHTTP},
		"HTTP/01.1":                             {"GET / HTTP/01.1\r\nHost: a\r\n\r\n", versionNotHTTP},
		"HTTP/+1.1":                             {"GET / HTTP/+1.1\r\nHost: a\r\n\r\n", versionNotHTTP},
		"HTTP/1,1":                              {"GET / HTTP/1,1\r\nHost: a\r\n\r\n", versionNotHTTP},
		"HTTP/1.x":                              {"GET / HTTP/1.x\r\nHost: a\r\n\r\n", versionNotHTTP},
		"HTTP/1.d":                              {"GET / HTTP/1.d\r\nHost: a\r\n\r\n", versionNotHTTP},
		"HTTP/d.1":                              {"GET / HTTP/d.1\r\nHost: a\r\n\r\n", versionNotHTTP},
		"http/1.1":                              {"GET / http/1.1\r\nHost: a\r\n\r\n", versionNotHTTP},
		"HTTPS/1.1":                             {"GET / HTTPS/1.1\r\nHost: a\r\n\r\n", versionNotHTTP},
		"HTTP 1.1":                              {"GET / HTTP 1.1\r\nHost: a\r\n\r\n", versionNotHTTP},
		"an empty version":                      {"GET / \r\nHost: a\r\n\r\n", versionMissing},
		"HTTP/2 without a minor version":        {"GET / HTTP/2\r\nHost: a\r\n\r\n", versionNotHTTP},
		"a request-line as in HTTP/0.9":         {"GET /x\r\n", versionMissing},
		"a request-line as in HTTP/0.9, LF":     {"GET /x\n", versionMissing},
		"the preface of HTTP/2":                 {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", http2Preface},
		"a TLS hello":                           {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", tlsHello},
		"an SSH hello":                          {"SSH-2.0-OpenSSH_9.6\r\n", methodNotEnded},
		"an empty target":                       {"GET \r\nHost: a\r\n\r\n", targetEmpty},
		"a NUL in the target":                   {"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n", targetByte},
		"DEL in the target":                     {"GET /abcdefgh\x7f HTTP/1.1\r\nHost: a\r\n\r\n", targetByte},
		"a control byte in the target":          {"GET /abcdefgh\x01 HTTP/1.1\r\nHost: a\r\n\r\n", targetByte},
		"a fragment":                            {"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", targetFragment},
		"only a fragment":                       {"GET # HTTP/1.1\r\nHost: a\r\n\r\n", targetFragment},
		"a bare CR in the target":               {"GET /a\rb HTTP/1.1\r\nHost: a\r\n\r\n", versionMissing},
		"a bare CR after the version":           {"GET / HTTP/1.1\rHost: a\r\n\r\n", bareCR},
		"CR CR LF after the version":            {"GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", bareCR},
		"a bare LF after the version":           {"GET / HTTP/1.1\nHost: a\r\n\r\n", mixedEnds},
		"an asterisk for GET":                   {"GET * HTTP/1.1\r\nHost: a\r\n\r\n", targetAsterisk},
		"an asterisk and more for OPTIONS":      {"OPTIONS *a HTTP/1.1\r\nHost: a\r\n\r\n", targetForm},
		"authority-form for GET":                {"GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", targetForm},
		"a target without a slash":              {"GET index.html HTTP/1.1\r\nHost: a\r\n\r\n", targetForm},
		"a target of only a query":              {"GET ?a HTTP/1.1\r\nHost: a\r\n\r\n", targetForm},
		"a scheme and no slashes":               {"GET http:a HTTP/1.1\r\nHost: a\r\n\r\n", targetForm},
		"a scheme and one slash":                {"GET http:/a HTTP/1.1\r\nHost: a\r\n\r\n", targetForm},
		"no scheme":                             {"GET ://a/ HTTP/1.1\r\nHost: a\r\n\r\n", targetForm},
		"another scheme":                        {"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", targetScheme},
		"a scheme that begins with http":        {"GET httpx://a/ HTTP/1.1\r\nHost: a\r\n\r\n", targetScheme},
		"userinfo":                              {"GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", targetUserinfo},
		"userinfo with a password":              {"GET http://u:p@a/ HTTP/1.1\r\nHost: a\r\n\r\n", targetUserinfo},
		"absolute-form with an empty host":      {"GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", hostEmpty},
		"absolute-form with only a port":        {"GET http://:80/ HTTP/1.1\r\nHost: a\r\n\r\n", hostEmpty},
		"absolute-form with only a scheme":      {"GET http:// HTTP/1.1\r\nHost: a\r\n\r\n", hostEmpty},
		"absolute-form with a query as host":    {"GET http://?x HTTP/1.1\r\nHost: a\r\n\r\n", hostEmpty},
		"absolute-form with a bad port":         {"GET http://a:b/ HTTP/1.1\r\nHost: a\r\n\r\n", portMalformed},
		"absolute-form with port 65536":         {"GET http://a:65536/ HTTP/1.1\r\nHost: a\r\n\r\n", portMalformed},
		"absolute-form with a backslash":        {"GET http://a\\b/ HTTP/1.1\r\nHost: a\r\n\r\n", hostMalformed},
		"absolute-form with a high byte":        {"GET http://\xe4/ HTTP/1.1\r\nHost: a\r\n\r\n", hostMalformed},
		"absolute-form with an open bracket":    {"GET http://[::1/ HTTP/1.1\r\nHost: a\r\n\r\n", hostMalformed},
		"absolute-form without a Host field":    {"GET http://a/ HTTP/1.1\r\n\r\n", hostMissing},
		"absolute-form and a bad Host field":    {"GET http://a/ HTTP/1.1\r\nHost: b/c\r\n\r\n", hostMalformed},
		"absolute-form and two Host fields":     {"GET http://a/ HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", hostRepeated},
		"a request for a proxy to CONNECT":      {"CONNECT http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", methodConnect},
		"CONNECT with a version of no version":  {"CONNECT a HTTP/7\r\n\r\n", methodConnect},
		"a request-line after an early refusal": {"G@T / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n", methodNotToken},

		// Host.
		"1.1 without Host":                  {"GET / HTTP/1.1\r\n\r\n", hostMissing},
		"1.2 without Host":                  {"GET / HTTP/1.2\r\n\r\n", hostMissing},
		"two equal Hosts":                   {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", hostRepeated},
		"two Hosts, in any case":            {"GET / HTTP/1.1\r\nHost: a\r\nhOST: b\r\n\r\n", hostRepeated},
		"two Hosts in 1.0":                  {"GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", hostRepeated},
		"two empty Hosts":                   {"GET / HTTP/1.1\r\nHost:\r\nHost:\r\n\r\n", hostRepeated},
		"a Host with a space":               {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", hostMalformed},
		"a Host with a tab":                 {"GET / HTTP/1.1\r\nHost: a\tb\r\n\r\n", hostMalformed},
		"a Host with a comma":               {"GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", hostMalformed},
		"a Host with userinfo":              {"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", hostMalformed},
		"a Host with a path":                {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", hostMalformed},
		"a Host with a backslash":           {"GET / HTTP/1.1\r\nHost: a\\b\r\n\r\n", hostMalformed},
		"a Host with a query":               {"GET / HTTP/1.1\r\nHost: a?b\r\n\r\n", hostMalformed},
		"a Host with a fragment":            {"GET / HTTP/1.1\r\nHost: a#b\r\n\r\n", hostMalformed},
		"a Host with angle brackets":        {"GET / HTTP/1.1\r\nHost: <a>\r\n\r\n", hostMalformed},
		"a Host with a scheme":              {"GET / HTTP/1.1\r\nHost: http://a\r\n\r\n", portMalformed},
		"a Host with a high byte":           {"GET / HTTP/1.1\r\nHost: \xc3\xa4\r\n\r\n", hostMalformed},
		"a Host with quotes":                {"GET / HTTP/1.1\r\nHost: \"a\"\r\n\r\n", hostMalformed},
		"a Host with a stray percent sign":  {"GET / HTTP/1.1\r\nHost: a%2\r\n\r\n", hostMalformed},
		"a Host with % and no hexadecimal":  {"GET / HTTP/1.1\r\nHost: a%zz\r\n\r\n", hostMalformed},
		"a Host of only a port":             {"GET / HTTP/1.1\r\nHost: :80\r\n\r\n", hostEmpty},
		"a Host with port 65536":            {"GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", portMalformed},
		"a Host with an endless port":       {"GET / HTTP/1.1\r\nHost: a:" + strings.Repeat("9", 99) + "\r\n\r\n", portMalformed},
		"a Host with a signed port":         {"GET / HTTP/1.1\r\nHost: a:+80\r\n\r\n", portMalformed},
		"a Host with two ports":             {"GET / HTTP/1.1\r\nHost: a:80:80\r\n\r\n", portMalformed},
		"a Host with an IPv6 address, bare": {"GET / HTTP/1.1\r\nHost: ::1\r\n\r\n", hostEmpty},
		"a Host with an open bracket":       {"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", hostMalformed},
		"a Host with empty brackets":        {"GET / HTTP/1.1\r\nHost: []\r\n\r\n", hostMalformed},
		"a Host with a name in brackets":    {"GET / HTTP/1.1\r\nHost: [a.example]\r\n\r\n", hostMalformed},
		"a Host with an IPv6 zone":          {"GET / HTTP/1.1\r\nHost: [fe80::1%25eth0]\r\n\r\n", hostMalformed},
		"a Host with text after a bracket":  {"GET / HTTP/1.1\r\nHost: [::1]a\r\n\r\n", hostMalformed},
		"a Host with nine groups":           {"GET / HTTP/1.1\r\nHost: [1:2:3:4:5:6:7:8:9]\r\n\r\n", hostMalformed},

		"a Host of a colon alone":        {"GET / HTTP/1.1\r\nHost: :\r\n\r\n", hostEmpty},
		"a Host with two empty ports":    {"GET / HTTP/1.1\r\nHost: a::\r\n\r\n", portMalformed},
		"absolute-form of a colon alone": {"GET http://:/ HTTP/1.1\r\nHost: a\r\n\r\n", hostEmpty},

		// Line ends of two kinds, in each place of a head.
		"LF in front, then CRLF in front":    {"\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", mixedEnds},
		"CRLF in front, then LF":             {"\r\nGET / HTTP/1.1\nHost: a\n\n", mixedEnds},
		"LF, then CRLF after a value":        {"GET / HTTP/1.1\nHost: a\r\n\n", mixedEnds},
		"LF, then CRLF for the empty line":   {"GET / HTTP/1.1\nHost: a\n\r\n", mixedEnds},
		"LF, then CRLF, and no field":        {"GET / HTTP/1.0\n\r\n", mixedEnds},
		"LF, then CRLF in a name":            {"GET / HTTP/1.1\nHost: a\nAccept\r\n: b\n\n", mixedEnds},
		"LF, and a bare CR in a value":       {"GET / HTTP/1.1\nHost: a\nX: y\rz\n\n", bareCR},
		"LF, and a bare CR for a line end":   {"GET / HTTP/1.1\nHost: a\rX: y\n\n", bareCR},
		"LF, and CR CR LF":                   {"GET / HTTP/1.1\nHost: a\r\r\n\n", bareCR},
		"five LFs in front":                  {"\n\n\n\n\nGET / HTTP/1.1\nHost: a\n\n", emptyLines},
		"LF, and a fold":                     {"GET / HTTP/1.1\nHost: a\nX: y\n z\n\n", folded},
		"LF, and white space before a colon": {"GET / HTTP/1.1\nHost : a\n\n", spaceInName},
		"LF, and a control byte in a value":  {"GET / HTTP/1.1\nHost: a\nX: y\x01\n\n", controlInValue},
		"LF, and no colon":                   {"GET / HTTP/1.1\nHost: a\nX\n\n", noColon},
		"LF, and both lengths":               {"POST / HTTP/1.1\nHost: a\nContent-Length: 3\nTransfer-Encoding: chunked\n\n", bothLengths},
		"LF, and a coding in 1.0":            {"POST / HTTP/1.0\nTransfer-Encoding: chunked\n\n", codingIn10},
		"LF, and a space after the version":  {"GET / HTTP/1.1 \nHost: a\n\n", versionNotLast},
		"LF, and another major version":      {"GET / HTTP/2.0\nHost: a\n\n", versionNotOurs},

		// The syntax of field lines.
		"a bare LF after a value":            {"GET / HTTP/1.1\r\nHost: a\n\r\n", mixedEnds},
		"a bare LF for the empty line":       {"GET / HTTP/1.1\r\nHost: a\r\n\n", mixedEnds},
		"a bare LF in a name":                {"GET / HTTP/1.1\r\nHost: a\r\nAccept\n: b\r\n\r\n", mixedEnds},
		"a bare CR in a value":               {"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", bareCR},
		"a bare CR in a name":                {"GET / HTTP/1.1\r\nHost: a\r\nX\rY: a\r\n\r\n", bareCR},
		"CR CR LF after a value":             {"GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", bareCR},
		"a bare CR for the empty line":       {"GET / HTTP/1.1\r\nHost: a\r\n\rX", bareCR},
		"CR CR LF for the empty line":        {"GET / HTTP/1.1\r\nHost: a\r\n\r\r\n", bareCR},
		"a NUL in a value":                   {"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n", controlInValue},
		"a NUL in a name":                    {"GET / HTTP/1.1\r\nHost: a\r\nX\x00Y: a\r\n\r\n", notAName},
		"VT in a value":                      {"GET / HTTP/1.1\r\nHost: a\r\nX: a\x0bb\r\n\r\n", controlInValue},
		"ESC in a value after a tab":         {"GET / HTTP/1.1\r\nHost: a\r\nX: aaaaaaaa\tbbbbbbbbb\x1bc\r\n\r\n", controlInValue},
		"DEL in a value":                     {"GET / HTTP/1.1\r\nHost: a\r\nX: a\x7fb\r\n\r\n", controlInValue},
		"a fold with a space":                {"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", folded},
		"a fold with a tab":                  {"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n\tb\r\n\r\n", folded},
		"a fold that looks empty":            {"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n \r\n\r\n", folded},
		"a fold before the first field":      {"GET / HTTP/1.1\r\n Host: a\r\n\r\n", foldedFirst},
		"a space before the colon":           {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", spaceInName},
		"a tab before the colon":             {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length\t: 5\r\n\r\n", spaceInName},
		"a space within a name":              {"GET / HTTP/1.1\r\nHost: a\r\nX Y: a\r\n\r\n", spaceInName},
		"no colon":                           {"GET / HTTP/1.1\r\nHost: a\r\nHello\r\n\r\n", noColon},
		"an empty name":                      {"GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", emptyName},
		"a name with a slash":                {"GET / HTTP/1.1\r\nHost: a\r\nX/Y: b\r\n\r\n", notAName},
		"a name with brackets":               {"GET / HTTP/1.1\r\nHost: a\r\nabcdefgh(ij): b\r\n\r\n", notAName},
		"a name with a high byte":            {"GET / HTTP/1.1\r\nHost: a\r\nabcdefg\xc8: b\r\n\r\n", notAName},
		"a name with a quote":                {"GET / HTTP/1.1\r\nHost: a\r\n\"X\": b\r\n\r\n", notAName},
		"a byte order mark before a name":    {"GET / HTTP/1.1\r\n\xef\xbb\xbfHost: a\r\n\r\n", notAName},
		"a second request-line":              {"GET / HTTP/1.1\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n", spaceInName},
		"CRs that set bit 0x20 make dashes":  {"POST / HTTP/1.1\r\nHost: a\r\nContent\rLength: 5\r\n\r\n", bareCR},
		"a name that is lower in bit 0x20":   {"POST / HTTP/1.1\r\nHost: a\r\nHTTP\x12-Settings: 5\r\n\r\n", notAName},
		"an at sign that is lower backquote": {"GET / HTTP/1.1\r\nHost: a\r\n@: 5\r\n\r\n", notAName},

		// Content-Length.
		"a plus sign":                         {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n", lengthNotNumber},
		"a minus sign":                        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n", lengthNotNumber},
		"a hexadecimal length":                {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\n", lengthNotNumber},
		"a length with an underscore":         {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1_0\r\n\r\n", lengthNotNumber},
		"a length with a space":               {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1 0\r\n\r\n", lengthNotNumber},
		"a length in quotes":                  {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \"5\"\r\n\r\n", lengthNotNumber},
		"a length with a suffix":              {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5b\r\n\r\n", lengthNotNumber},
		"a length with a decimal point":       {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5.0\r\n\r\n", lengthNotNumber},
		"a length with an exponent":           {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1e1\r\n\r\n", lengthNotNumber},
		"an empty length":                     {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", lengthNotNumber},
		"a length in full-width digits":       {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \xef\xbc\x95\r\n\r\n", lengthNotNumber},
		"a length after a no-break space":     {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \xa05\r\n\r\n", lengthNotNumber},
		"a length of 2^63":                    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775808\r\n\r\n", lengthTooLarge},
		"a length of 2^64+5":                  {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551621\r\n\r\n", lengthTooLarge},
		"a length of twenty digits":           {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000000000000000\r\n\r\n", lengthTooLarge},
		"an endless length with a suffix":     {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999x\r\n\r\n", lengthNotNumber},
		"two equal lengths":                   {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", lengthsRepeated},
		"two lengths that differ":             {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", lengthsDiffer},
		"a length and an empty one":           {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length:\r\n\r\n", lengthsDiffer},
		"a list of equal lengths":             {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n", lengthNotNumber},
		"a list of lengths that differ":       {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 6\r\n\r\n", lengthNotNumber},
		"a length and a comma":                {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5,\r\n\r\n", lengthNotNumber},
		"a bad length in 1.0":                 {"POST / HTTP/1.0\r\nContent-Length: +5\r\n\r\n", lengthNotNumber},
		"a bad length of a GET":               {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", lengthNotNumber},
		"lengths that differ only by a zero":  {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 05\r\n\r\n", lengthsDiffer},
		"a length in lower case beside Upper": {"POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 5\r\nCONTENT-LENGTH: 5\r\n\r\n", lengthsRepeated},

		// Transfer-Encoding.
		"length, then coding":               {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", bothLengths},
		"coding, then length":               {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", bothLengths},
		"unknown coding, then length":       {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\nContent-Length: 5\r\n\r\n", bothLengths},
		"length, then unknown coding":       {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: gzip\r\n\r\n", bothLengths},
		"coding, then a bad length":         {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: x\r\n\r\n", bothLengths},
		"a length of 0 and a coding":        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n", bothLengths},
		"two codings":                       {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", codingsRepeated},
		"an unknown coding, then chunked":   {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n", codingsRepeated},
		"chunked twice in a list":           {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", codingMalformed},
		"chunked not last":                  {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", codingMalformed},
		"identity":                          {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", codingUnknown},
		"gzip":                              {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", codingUnknown},
		"gzip and chunked":                  {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", codingUnknown},
		"an unknown coding":                 {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: cow\r\n\r\n", codingUnknown},
		"chunked with a prefix":             {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", codingMalformed},
		"chunked with a suffix":             {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunkedx\r\n\r\n", codingMalformed},
		"half of chunked":                   {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunk\r\n\r\n", codingMalformed},
		"chunked in quotes":                 {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \"chunked\"\r\n\r\n", codingMalformed},
		"chunked with a parameter":          {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;a=b\r\n\r\n", codingMalformed},
		"chunked after VT":                  {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0bchunked\r\n\r\n", controlInValue},
		"chunked before FF":                 {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\x0c\r\n\r\n", controlInValue},
		"chunked before NUL":                {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\x00\r\n\r\n", controlInValue},
		"chunked before 0x85":               {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\x85\r\n\r\n", codingMalformed},
		"chunked after 0xa0":                {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \xa0chunked\r\n\r\n", codingMalformed},
		"chunked after an empty element":    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: , chunked\r\n\r\n", codingMalformed},
		"chunked before an empty element":   {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked,\r\n\r\n", codingMalformed},
		"gzip, nothing, chunked":            {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip,,chunked\r\n\r\n", codingMalformed},
		"an empty coding":                   {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n", codingMalformed},
		"a coding of two words":             {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked chunked\r\n\r\n", codingMalformed},
		"a coding in 1.0":                   {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", codingIn10},
		"an unknown coding in 1.0":          {"POST / HTTP/1.0\r\nTransfer-Encoding: gzip\r\n\r\n", codingIn10},
		"both lengths in 1.0":               {"POST / HTTP/1.0\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", codingIn10},
		"an unknown coding and no Host":     {"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", hostMissing},
		"an unknown coding and a bad field": {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\nX : y\r\n\r\n", spaceInName},

		// Expect and Max-Forwards.
		"another expectation":                {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 200-ok\r\n\r\n", expectUnknown},
		"another expectation, no body":       {"GET / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n", expectUnknown},
		"two expectations":                   {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue, x\r\n\r\n", expectUnknown},
		"an empty expectation":               {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect:\r\n\r\n", expectUnknown},
		"Max-Forwards of OPTIONS, a word":    {"OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: x\r\n\r\n", forwardsInvalid},
		"Max-Forwards of TRACE below 0":      {"TRACE / HTTP/1.1\r\nHost: a\r\nMax-Forwards: -1\r\n\r\n", forwardsInvalid},
		"Max-Forwards of OPTIONS, empty":     {"OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards:\r\n\r\n", forwardsInvalid},
		"Max-Forwards of OPTIONS, two lines": {"OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 1\r\nMax-Forwards: 1\r\n\r\n", forwardsRepeat},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) { wantRefused(t, freshRequest(nil), tc.raw, tc.want) })
	}
}

func TestRequest_accepts(t *testing.T) {
	tests := map[string]struct{ raw, want string }{
		"ab":                                 {"GET /4k HTTP/1.0\r\nConnection: Keep-Alive\r\nHost: 127.0.0.1:8000\r\nUser-Agent: ApacheBench/2.3\r\nAccept: */*\r\n\r\n", "108 bytes: GET(1) /4k 1.0 host \"127.0.0.1:8000\", no body, keep-alive; [Connection*=Keep-Alive] [Host=127.0.0.1:8000] [User-Agent=ApacheBench/2.3] [Accept=*/*]"},
		"1.0 with nothing":                   {"GET / HTTP/1.0\r\n\r\n", "18 bytes: GET(1) / 1.0, no body;"},
		"1.1 with Host":                      {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "27 bytes: GET(1) / 1.1 host \"a\", no body, keep-alive; [Host=a]"},
		"bytes after the head are left":      {"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /two HTTP/1.1\r\n", "27 bytes: GET(1) / 1.1 host \"a\", no body, keep-alive; [Host=a]"},
		"four empty lines in front":          {"\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "35 bytes: GET(1) / 1.1 host \"a\", no body, keep-alive; [Host=a]"},
		"1.2 counts as 1.1":                  {"GET / HTTP/1.2\r\nHost: a\r\n\r\n", "27 bytes: GET(1) / 1.1 host \"a\", no body, keep-alive; [Host=a]"},
		"1.9 counts as 1.1":                  {"GET / HTTP/1.9\r\nHost: a\r\n\r\n", "27 bytes: GET(1) / 1.1 host \"a\", no body, keep-alive; [Host=a]"},
		"an unknown method":                  {"M-SEARCH!#$%&'*+.^_`|~ / HTTP/1.1\r\nHost: a\r\n\r\n", "46 bytes: M-SEARCH!#$%&'*+.^_`|~(0) / 1.1 host \"a\", no body, keep-alive; [Host=a]"},
		"a method keeps its case":            {"get / HTTP/1.1\r\nHost: a\r\n\r\n", "27 bytes: get(0) / 1.1 host \"a\", no body, keep-alive; [Host=a]"},
		"connect in lower case is no tunnel": {"connect / HTTP/1.1\r\nHost: a\r\n\r\n", "31 bytes: connect(0) / 1.1 host \"a\", no body, keep-alive; [Host=a]"},
		"a method of 32 bytes":               {strings.Repeat("M", 32) + " / HTTP/1.1\r\nHost: a\r\n\r\n", "56 bytes: MMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMM(0) / 1.1 host \"a\", no body, keep-alive; [Host=a]"},
		"HEAD":                               {"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "28 bytes: HEAD(2) / 1.1 host \"a\", no body, keep-alive; [Host=a]"},
		"PUT":                                {"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n", "46 bytes: PUT(4) / 1.1 host \"a\", length 1, keep-alive; [Host=a] [Content-Length=1]"},
		"DELETE with a body":                 {"DELETE / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n", "49 bytes: DELETE(5) / 1.1 host \"a\", length 3, keep-alive; [Host=a] [Content-Length=3]"},
		"TRACE":                              {"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", "29 bytes: TRACE(6) / 1.1 host \"a\", no body, keep-alive; [Host=a]"},
		"odd bytes in a target":              {"GET /\"<>\\^{}|%zz%\x80\xff../..//;?a[]=? HTTP/1.1\r\nHost: a\r\n\r\n", "55 bytes: GET(1) /\"<>\\^{}|%zz%\x80\xff../..//;?a[]=? 1.1 host \"a\", no body, keep-alive; [Host=a]"},
		"a target of two slashes":            {"GET //b/ HTTP/1.1\r\nHost: a\r\n\r\n", "30 bytes: GET(1) //b/ 1.1 host \"a\", no body, keep-alive; [Host=a]"},
		"asterisk-form":                      {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "31 bytes: OPTIONS(3) * asterisk 1.1 host \"a\", no body, keep-alive; [Host=a]"},
		"OPTIONS of a path":                  {"OPTIONS /x HTTP/1.1\r\nHost: a\r\n\r\n", "32 bytes: OPTIONS(3) /x 1.1 host \"a\", no body, keep-alive; [Host=a]"},
		"absolute-form":                      {"GET http://b.example:80/x?y HTTP/1.1\r\nHost: a\r\n\r\n", "49 bytes: GET(1) http://b.example:80/x?y absolute, origin \"/x?y\" 1.1 host \"b.example:80\", no body, keep-alive; [Host=a]"},
		"absolute-form, any case":            {"GET hTTpS://B/ HTTP/1.1\r\nHost: a\r\n\r\n", "36 bytes: GET(1) hTTpS://B/ absolute, origin \"/\" 1.1 host \"B\", no body, keep-alive; [Host=a]"},
		"absolute-form, no path":             {"GET http://b HTTP/1.1\r\nHost: a\r\n\r\n", "34 bytes: GET(1) http://b absolute, origin \"\" 1.1 host \"b\", no body, keep-alive; [Host=a]"},
		"absolute-form, only a query":        {"GET http://b?x HTTP/1.1\r\nHost: a\r\n\r\n", "36 bytes: GET(1) http://b?x absolute, origin \"?x\" 1.1 host \"b\", no body, keep-alive; [Host=a]"},
		"absolute-form, IPv6":                {"OPTIONS http://[::1]:8080 HTTP/1.1\r\nHost: a\r\n\r\n", "47 bytes: OPTIONS(3) http://[::1]:8080 absolute, origin \"\" 1.1 host \"[::1]:8080\", no body, keep-alive; [Host=a]"},
		"absolute-form in 1.0, no Host":      {"GET http://b/ HTTP/1.0\r\n\r\n", "26 bytes: GET(1) http://b/ absolute, origin \"/\" 1.0 host \"b\", no body;"},
		"absolute-form, empty Host":          {"GET http://b/ HTTP/1.1\r\nHost:\r\n\r\n", "33 bytes: GET(1) http://b/ absolute, origin \"/\" 1.1 host \"b\", no body, keep-alive; [Host=]"},
		"absolute-form, @ in the path":       {"GET http://b/@:x HTTP/1.1\r\nHost: a\r\n\r\n", "38 bytes: GET(1) http://b/@:x absolute, origin \"/@:x\" 1.1 host \"b\", no body, keep-alive; [Host=a]"},

		// All lines end in LF.
		"bare LFs, in 1.0":                {"GET / HTTP/1.0\n\n", "16 bytes: GET(1) / 1.0, no body;"},
		"bare LFs, in 1.1":                {"GET / HTTP/1.1\nHost: a\nX: \ty \nZ:\n\nGET", "34 bytes: GET(1) / 1.1 host \"a\", no body, keep-alive; [Host=a] [X=y] [Z=]"},
		"bare LFs, in 1.2":                {"GET / HTTP/1.2\nHost: a\n\n", "24 bytes: GET(1) / 1.1 host \"a\", no body, keep-alive; [Host=a]"},
		"bare LFs, four in front":         {"\n\n\n\nGET / HTTP/1.1\nHost: a\n\n", "28 bytes: GET(1) / 1.1 host \"a\", no body, keep-alive; [Host=a]"},
		"bare LFs, and a length":          {"POST / HTTP/1.1\nHost: a\nContent-Length: 5\n\n\r\n\r\n.", "43 bytes: POST(7) / 1.1 host \"a\", length 5, keep-alive; [Host=a] [Content-Length=5]"},
		"bare LFs, and chunks":            {"POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n5\r\n", "52 bytes: POST(7) / 1.1 host \"a\", chunked, keep-alive; [Host=a] [Transfer-Encoding*=chunked]"},
		"bare LFs, absolute, a CRLF next": {"GET http://b:/x HTTP/1.1\nHost: a\nConnection: close\n\n\r\n", "52 bytes: GET(1) http://b:/x absolute, origin \"/x\" 1.1 host \"b\", no body; [Host=a] [Connection*=close]"},

		"a Host with an empty port":          {"GET / HTTP/1.1\r\nHost: a:\r\n\r\n", "28 bytes: GET(1) / 1.1 host \"a\", no body, keep-alive; [Host=a]"},
		"a Host with IPv6 and an empty port": {"GET / HTTP/1.1\r\nHost: [::1]:\r\n\r\n", "32 bytes: GET(1) / 1.1 host \"[::1]\", no body, keep-alive; [Host=[::1]]"},
		"absolute-form with an empty port":   {"GET http://b:/x HTTP/1.1\r\nHost: a:\r\n\r\n", "38 bytes: GET(1) http://b:/x absolute, origin \"/x\" 1.1 host \"b\", no body, keep-alive; [Host=a]"},
		"absolute-form, no path, no port":    {"GET http://b: HTTP/1.1\r\nHost: a\r\n\r\n", "35 bytes: GET(1) http://b: absolute, origin \"\" 1.1 host \"b\", no body, keep-alive; [Host=a]"},

		"an empty Host":               {"GET / HTTP/1.1\r\nHost: \r\n\r\n", "26 bytes: GET(1) / 1.1 host \"\", no body, keep-alive; [Host=]"},
		"a Host with every byte":      {"GET / HTTP/1.1\r\nHost: A-z.0_~!$&'()*+;=%4a%4A\r\n\r\n", "49 bytes: GET(1) / 1.1 host \"A-z.0_~!$&'()*+;=%4a%4A\", no body, keep-alive; [Host=A-z.0_~!$&'()*+;=%4a%4A]"},
		"a Host with port 65535":      {"GET / HTTP/1.1\r\nHost: a:65535\r\n\r\n", "33 bytes: GET(1) / 1.1 host \"a:65535\", no body, keep-alive; [Host=a:65535]"},
		"a Host with a port of zeros": {"GET / HTTP/1.1\r\nHost: a:0000000000000000000000000080\r\n\r\n", "56 bytes: GET(1) / 1.1 host \"a:0000000000000000000000000080\", no body, keep-alive; [Host=a:0000000000000000000000000080]"},
		"a Host with IPv6 and a port": {"GET / HTTP/1.1\r\nHost: [2001:db8::192.0.2.1]:80\r\n\r\n", "50 bytes: GET(1) / 1.1 host \"[2001:db8::192.0.2.1]:80\", no body, keep-alive; [Host=[2001:db8::192.0.2.1]:80]"},

		"white space around values":         {"GET / HTTP/1.1\r\nHost:\t a \t\r\nX:a\r\nY: \t \r\nZ:\r\n\r\n", "46 bytes: GET(1) / 1.1 host \"a\", no body, keep-alive; [Host=a] [X=a] [Y=] [Z=]"},
		"a tab in a value":                  {"GET / HTTP/1.1\r\nHost: a\r\nX: aaaaaaa\tb\t\tc\r\n\r\n", "44 bytes: GET(1) / 1.1 host \"a\", no body, keep-alive; [Host=a] [X=aaaaaaa\tb\t\tc]"},
		"high bytes in a value":             {"GET / HTTP/1.1\r\nHost: a\r\nX: \x85caf\xe9\xa0\xff\r\n\r\n", "39 bytes: GET(1) / 1.1 host \"a\", no body, keep-alive; [Host=a] [X=\x85caf\xe9\xa0\xff]"},
		"colons in a value":                 {"GET / HTTP/1.1\r\nHost: a\r\nX:: b: c\r\n\r\n", "37 bytes: GET(1) / 1.1 host \"a\", no body, keep-alive; [Host=a] [X=: b: c]"},
		"names with every byte of a token":  {"GET / HTTP/1.1\r\nHost: a\r\n!#$%&'*+-.^_`|~09azAZ: b\r\n\r\n", "53 bytes: GET(1) / 1.1 host \"a\", no body, keep-alive; [Host=a] [!#$%&'*+-.^_`|~09azAZ=b]"},
		"an underscore is no dash":          {"POST / HTTP/1.1\r\nHost: a\r\nContent_Length: 9\r\nTransfer_Encoding: chunked\r\n\r\n", "75 bytes: POST(7) / 1.1 host \"a\", no body, keep-alive; [Host=a] [Content_Length=9] [Transfer_Encoding=chunked]"},
		"repeated fields stay apart":        {"GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nY: 2\r\nX: 1\r\n\r\n", "45 bytes: GET(1) / 1.1 host \"a\", no body, keep-alive; [Host=a] [X=1] [Y=2] [X=1]"},
		"names at every length to 18":       {"GET / HTTP/1.1\r\nHost: a\r\nTransfer.Encoding: b\r\nTransfer-Encodings: b\r\nTransfer-Encodin: b\r\nContent-Lengt: c\r\nContent-Lengths: c\r\n\r\n", "131 bytes: GET(1) / 1.1 host \"a\", no body, keep-alive; [Host=a] [Transfer.Encoding=b] [Transfer-Encodings=b] [Transfer-Encodin=b] [Content-Lengt=c] [Content-Lengths=c]"},
		"Content-Length":                    {"POST / HTTP/1.1\r\nHost: a\r\nCONTENT-length: 5\r\n\r\n", "47 bytes: POST(7) / 1.1 host \"a\", length 5, keep-alive; [Host=a] [CONTENT-length=5]"},
		"Content-Length of 2^63-1":          {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775807\r\n\r\n", "65 bytes: POST(7) / 1.1 host \"a\", length 9223372036854775807, keep-alive; [Host=a] [Content-Length=9223372036854775807]"},
		"Content-Length with leading zeros": {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0000000000000000000000005\r\n\r\n", "71 bytes: POST(7) / 1.1 host \"a\", length 5, keep-alive; [Host=a] [Content-Length=0000000000000000000000005]"},
		"Content-Length of 0":               {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "47 bytes: POST(7) / 1.1 host \"a\", length 0, keep-alive; [Host=a] [Content-Length=0]"},
		"Content-Length of a GET":           {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", "46 bytes: GET(1) / 1.1 host \"a\", length 5, keep-alive; [Host=a] [Content-Length=5]"},
		"a POST with no length":             {"POST / HTTP/1.1\r\nHost: a\r\n\r\n", "28 bytes: POST(7) / 1.1 host \"a\", no body, keep-alive; [Host=a]"},
		"chunked":                           {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \tChunkeD \r\n\r\n", "58 bytes: POST(7) / 1.1 host \"a\", chunked, keep-alive; [Host=a] [Transfer-Encoding*=ChunkeD]"},

		"close":                                 {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "46 bytes: GET(1) / 1.1 host \"a\", no body; [Host=a] [Connection*=close]"},
		"close beats keep-alive":                {"GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nConnection: foo, CLOSE\r\n\r\n", "75 bytes: GET(1) / 1.1 host \"a\", no body; [Host=a] [Connection*=keep-alive] [Connection*=foo, CLOSE]"},
		"1.0 with keep-alive in a list":         {"GET / HTTP/1.0\r\nConnection: ,, a\t, kEEp-alive ,\r\n\r\n", "51 bytes: GET(1) / 1.0, no body, keep-alive; [Connection*=,, a\t, kEEp-alive ,]"},
		"1.0 with keep-alive and close":         {"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", "49 bytes: GET(1) / 1.0, no body; [Connection*=keep-alive, close]"},
		"closed is not close":                   {"GET / HTTP/1.1\r\nHost: a\r\nConnection: closed, xclose, clo se\r\n\r\n", "63 bytes: GET(1) / 1.1 host \"a\", no body, keep-alive; [Host=a] [Connection*=closed, xclose, clo se]"},
		"fields named in Connection":            {"GET / HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nConnection: x-one, , X-TWO\r\nX-Two: 2\r\nX-Three: 3\r\nx-one: 1\r\n\r\n", "97 bytes: GET(1) / 1.1 host \"a\", no body, keep-alive; [Host=a] [X-One*=1] [Connection*=x-one, , X-TWO] [X-Two*=2] [X-Three=3] [x-one*=1]"},
		"fields that Connection cannot drop":    {"POST / HTTP/1.1\r\nHost: a\r\nConnection: host, content-length, via, x-forwarded-for, X-Forwarded-Port, x-forwarded-proto, x-forwarded-host, authorization, cookie, accept\r\nContent-Length: 5\r\nVia: 1.1 b\r\nX-Forwarded-For: c\r\nX-Forwarded-Port: 1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: d\r\nAuthorization: e\r\nCookie: f\r\nAccept: g\r\n\r\n", "328 bytes: POST(7) / 1.1 host \"a\", length 5, keep-alive; [Host=a] [Connection*=host, content-length, via, x-forwarded-for, X-Forwarded-Port, x-forwarded-proto, x-forwarded-host, authorization, cookie, accept] [Content-Length=5] [Via=1.1 b] [X-Forwarded-For=c] [X-Forwarded-Port=1] [X-Forwarded-Proto=http] [X-Forwarded-Host=d] [Authorization=e] [Cookie=f] [Accept*=g]"},
		"Connection names Transfer-Encoding":    {"POST / HTTP/1.1\r\nHost: a\r\nConnection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n\r\n", "87 bytes: POST(7) / 1.1 host \"a\", chunked, keep-alive; [Host=a] [Connection*=transfer-encoding] [Transfer-Encoding*=chunked]"},
		"connection-specific fields by name":    {"GET / HTTP/1.1\r\nHost: a\r\nKeep-Alive: 5\r\nProxy-Connection: close\r\nTE: trailers\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\nhttp2-settings: y\r\nTrailer: z\r\nX-Keep-Alive: 1\r\n\r\n", "162 bytes: GET(1) / 1.1 host \"a\", no body, keep-alive; [Host=a] [Keep-Alive*=5] [Proxy-Connection*=close] [TE*=trailers] [Upgrade*=h2c] [HTTP2-Settings*=x] [http2-settings*=y] [Trailer*=z] [X-Keep-Alive=1]"},
		"a WebSocket":                           {"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Key: x\r\n\r\n", "102 bytes: GET(1) / 1.1 host \"a\", no body, keep-alive, websocket; [Host=a] [Upgrade*=WebSocket] [Connection*=keep-alive, Upgrade] [Sec-WebSocket-Key=x]"},
		"a WebSocket with a length of 0":        {"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n", "87 bytes: GET(1) / 1.1 host \"a\", length 0, keep-alive, websocket; [Host=a] [Upgrade*=websocket] [Connection*=Upgrade] [Content-Length=0]"},
		"no WebSocket with a body":              {"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 1\r\n\r\n", "87 bytes: GET(1) / 1.1 host \"a\", length 1, keep-alive; [Host=a] [Upgrade*=websocket] [Connection*=Upgrade] [Content-Length=1]"},
		"no WebSocket without Connection":       {"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n", "47 bytes: GET(1) / 1.1 host \"a\", no body, keep-alive; [Host=a] [Upgrade*=websocket]"},
		"no WebSocket in a list":                {"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket, h2c\r\nConnection: upgrade\r\n\r\n", "73 bytes: GET(1) / 1.1 host \"a\", no body, keep-alive; [Host=a] [Upgrade*=websocket, h2c] [Connection*=upgrade]"},
		"no WebSocket in two lines":             {"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n", "82 bytes: GET(1) / 1.1 host \"a\", no body, keep-alive; [Host=a] [Upgrade*=h2c] [Upgrade*=websocket] [Connection*=upgrade]"},
		"no WebSocket in three lines":           {"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nUpgrade: websocket\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n", "108 bytes: GET(1) / 1.1 host \"a\", no body, keep-alive; [Host=a] [Upgrade*=websocket] [Upgrade*=websocket] [Upgrade*=websocket] [Connection*=upgrade]"},
		"no WebSocket in 1.0":                   {"GET / HTTP/1.0\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n", "68 bytes: GET(1) / 1.0 host \"a\", no body; [Host=a] [Upgrade*=websocket] [Connection*=upgrade]"},
		"no WebSocket by POST":                  {"POST / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n", "69 bytes: POST(7) / 1.1 host \"a\", no body, keep-alive; [Host=a] [Upgrade*=websocket] [Connection*=upgrade]"},
		"100-continue":                          {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-Continue\r\n\r\n", "69 bytes: POST(7) / 1.1 host \"a\", length 5, keep-alive, expects 100; [Host=a] [Content-Length=5] [Expect=100-Continue]"},
		"100-continue, chunked":                 {"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n", "78 bytes: POST(7) / 1.1 host \"a\", chunked, keep-alive, expects 100; [Host=a] [Expect=100-continue] [Transfer-Encoding*=chunked]"},
		"100-continue without a body":           {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n", "69 bytes: POST(7) / 1.1 host \"a\", length 0, keep-alive; [Host=a] [Content-Length=0] [Expect=100-continue]"},
		"100-continue in 1.0":                   {"POST / HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n", "60 bytes: POST(7) / 1.0, length 5; [Content-Length=5] [Expect=100-continue]"},
		"another expectation in 1.0":            {"POST / HTTP/1.0\r\nContent-Length: 5\r\nExpect: x\r\n\r\n", "49 bytes: POST(7) / 1.0, length 5; [Content-Length=5] [Expect=x]"},
		"Max-Forwards of OPTIONS":               {"OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 010\r\n\r\n", "50 bytes: OPTIONS(3) / 1.1 host \"a\", no body, max-forwards 10, keep-alive; [Host=a] [Max-Forwards=010]"},
		"Max-Forwards of TRACE":                 {"TRACE / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n", "46 bytes: TRACE(6) / 1.1 host \"a\", no body, max-forwards 0, keep-alive; [Host=a] [Max-Forwards=0]"},
		"Max-Forwards beyond every number":      {"TRACE / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 99999999999999999999\r\n\r\n", "65 bytes: TRACE(6) / 1.1 host \"a\", no body, max-forwards 9223372036854775807, keep-alive; [Host=a] [Max-Forwards=99999999999999999999]"},
		"Max-Forwards of GET means nothing":     {"GET / HTTP/1.1\r\nHost: a\r\nMax-Forwards: x\r\n\r\n", "44 bytes: GET(1) / 1.1 host \"a\", no body, keep-alive; [Host=a] [Max-Forwards=x]"},
		"Via with our name":                     {"GET / HTTP/1.1\r\nHost: a\r\nVia: 1.1 tenfour, HTTP/1.0 b (a, 1.1 tenfour), 1.1\tTenFour(x\\)), 1.1 tenfour2\r\nVia: , 1.1 tenfour:80,1.0 tenfour\r\n\r\n", "141 bytes: GET(1) / 1.1 host \"a\", no body, via self 3, keep-alive; [Host=a] [Via=1.1 tenfour, HTTP/1.0 b (a, 1.1 tenfour), 1.1\tTenFour(x\\)), 1.1 tenfour2] [Via=, 1.1 tenfour:80,1.0 tenfour]"},
		"Accept with JSON":                      {"GET / HTTP/1.1\r\nHost: a\r\nAccept: text/html, Application/JSON;q=0.5\r\n\r\n", "70 bytes: GET(1) / 1.1 host \"a\", no body, keep-alive, json; [Host=a] [Accept=text/html, Application/JSON;q=0.5]"},
		"Accept with JSON in the second line":   {"GET / HTTP/1.1\r\nHost: a\r\nAccept: */*\r\nAccept: application/json\r\nAccept: text/html\r\n\r\n", "85 bytes: GET(1) / 1.1 host \"a\", no body, keep-alive, json; [Host=a] [Accept=*/*] [Accept=application/json] [Accept=text/html]"},
		"Accept with names that resemble JSON":  {"GET / HTTP/1.1\r\nHost: a\r\nAccept: application/jsonx, xapplication/json, application/x+json\r\n\r\n", "93 bytes: GET(1) / 1.1 host \"a\", no body, keep-alive; [Host=a] [Accept=application/jsonx, xapplication/json, application/x+json]"},
		"a known name at the end of the buffer": {"GET / HTTP/1.0\r\nTE:\r\nVia:\r\n\r\n", "29 bytes: GET(1) / 1.0, no body; [TE*=] [Via=]"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := parseEveryCut(t, freshRequest(nil), tc.raw); got != tc.want {
				t.Errorf("got  %s\nwant %s\ninput: %q", got, tc.want, tc.raw)
			}
		})
	}
}

// A refusal says in which line of the head it is.
func TestRefusal_namesTheLine(t *testing.T) {
	tests := map[string]struct {
		raw  string
		want int
	}{
		"in the request-line":            {"GET / HTTP/x\r\n", 1},
		"in its line end":                {"\nGET / HTTP/1.1\r\n", 2},
		"in the line end of a field":     {"GET / HTTP/1.1\r\nHost: a\r\nX: y\nZ: 1\r\n\r\n", 3},
		"in the empty line":              {"GET / HTTP/1.1\nHost: a\n\r\n", 3},
		"in a name":                      {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 2},
		"in the value of a known field":  {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n", 3},
		"where no more fields may begin": {"GET / HTTP/1.0\r\n" + strings.Repeat("X:\r\n", 200) + "X", 202},
		"in the empty line: no Host":     {"GET / HTTP/1.1\r\nX: y\r\n\r\n", 3},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			for cut := range len(tc.raw) {
				var r Request
				if _, err := r.Parse([]byte(tc.raw[:cut]), nil); err != ErrPartial {
					continue // refused already
				}
				_, err := r.Parse([]byte(tc.raw), nil)
				if refusal, is := err.(*Refusal); !is || refusal.Line != tc.want {
					t.Fatalf("cut at %d: got %#v, want line %d, input %q", cut, err, tc.want, tc.raw)
				}
			}
		})
	}
}

// A refusal names the limit that was passed, because its user may let people set it.
func TestRefusal_namesTheLimit(t *testing.T) {
	head := func(raw string, lim Limits) error { _, err := new(Request).Parse([]byte(raw), &lim); return err }
	response := func(raw string, lim Limits) error { _, err := new(Response).Parse([]byte(raw), Get, &lim); return err }
	_, _, _, trailer := new(Chunks).Next([]byte("0\r\nX:\r\nY:\r\n"), &Limits{Fields: 1})
	for name, tc := range map[string]struct {
		err  error
		want Limit
	}{
		"a target":         {head("GET /xxx", Limits{Head: 6}), HeadLimit},
		"a head":           {head("GET / HTTP/1.0\r\nX: y", Limits{Head: 18}), HeadLimit},
		"field lines":      {head("GET / HTTP/1.0\r\nX:\r\nX:", Limits{Fields: 1}), FieldsLimit},
		"a trailer":        {trailer, FieldsLimit},
		"a response":       {response("HTTP/1.1 200 OK\r\nX: y", Limits{ResponseHead: 18}), ResponseHeadLimit},
		"a method: no one": {head("GETX /", Limits{Method: 3}), NoLimit},
	} {
		if refusal, is := tc.err.(*Refusal); !is || refusal.Passed != tc.want {
			t.Errorf("%s: got %#v, want limit %d", name, tc.err, tc.want)
		}
	}
}
