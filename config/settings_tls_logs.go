package config

import (
	"tenfour/value/choice"
)

// tlsAndLogs is certificates, and where log lines go.
var tlsAndLogs = group{
	title: "TLS and logs",
	settings: []*setting{
		{
			key: "tls_cert", flag: "tls-cert", of: ofProcess, path: true, example: `"cert.pem"`,
			in:   func(t target) value { return words(&t.c.TLSCert, "the name of a file", anything) },
			unit: "file (PEM)", none: "none: plain HTTP",
			help: "`FILE` with a certificate (PEM): clients speak TLS",
			more: "is the certificate, with its chain. With it and its key, clients speak HTTPS on `listen`; one without the other is an error.",
		},
		{
			key: "tls_key", flag: "tls-key", of: ofProcess, path: true, example: `"key.pem"`,
			in:   func(t target) value { return words(&t.c.TLSKey, "the name of a file", anything) },
			unit: "file (PEM)", none: "none",
			help: "`FILE` with the certificate's key (PEM)",
			more: "is the certificate's key. Both files are read again when one of them changes, as well as when tenfour is asked to read its configuration again: a renewed " +
				"certificate is served within a second or two. A key that does not belong to the certificate is not taken: the old pair stays, and the log says so. " +
				"`tenfour check`, and the log at the start, say when the certificate has expired or ends within a week.",
		},
		{
			key: "access_log", flag: "access-log", of: ofProcess,
			in:   func(t target) value { return typed(&t.c.AccessLog, choice.AccessLogWants, choice.ParseAccessLog) },
			unit: "`off`, `stdout` or a file",
			help: "one line for each exchange: off, stdout or a `FILE`",
			more: "writes one line for each exchange, and no exchange waits for it (see below). A FIFO needs its reader before tenfour starts. " +
				"Values of query parameters that look like credentials (`token`, `key`, `secret`, …) are masked.",
		},
		{
			key: "access_log_format", flag: "access-log-format", of: ofProcess,
			in:   func(t target) value { return oneOf(&t.c.AccessLogFormat) },
			unit: "`auto`, `text`, `json`, `combined`",
			help: "`FORMAT` of the access log: auto, text, json or combined",
			more: "says how a line of the access log is written: `auto` is `text` on a terminal and `json` elsewhere; `combined` is the format of " +
				"Apache and nginx, which GoAccess and others read. [log.md](log.md) has each of them, field by field.",
		},
		{
			key: "wire", flag: "wire", of: ofRoute,
			in:   func(t target) value { return yesOrNo(&t.r.Wire) },
			unit: "`true`, `false`",
			help: "print each exchange as it passes, head by head, to standard output",
			more: "prints each exchange to standard output as it passes: every head that comes in and goes out, on both sides, what tenfour removed, added and changed, and why; " +
				"chunk lines, connections, times, and where a refused head is wrong. Credentials and cookies are masked, and nothing of a body is printed. " +
				"With `wire` on all routes, requests that reach none are printed too. No exchange waits for what reads this. [wire.md](wire.md) shows it.",
		},
		{
			key: "log_level", flag: "log-level", of: ofProcess,
			in:   func(t target) value { return oneOf(&t.c.LogLevel) },
			unit: "`debug`, `info`, `warn`, `error`",
			help: "`LEVEL`: debug, info, warn or error",
			more: "says which lines the log has: `warn` and above have trouble only; `debug` adds TLS handshakes that failed.",
		},
		{
			key: "log_format", flag: "log-format", of: ofProcess,
			in:   func(t target) value { return oneOf(&t.c.LogFormat) },
			unit: "`auto`, `text`, `json`",
			help: "`FORMAT`: auto, text or json",
			more: "says how a line of the log is written: `auto` is text on a terminal and JSON elsewhere. The log goes to stderr. " +
				"The access log has a format of its own.",
		},
	},
	after: `No exchange waits for either log. Their lines go through queues of 4 MiB. When a pipe's reader stops, or a disk is full, tenfour
goes on. Lines that find no room, or that cannot be written, are dropped and counted. The log says how many as soon as it can, every
10 s at most. A reader that has closed its end (` + "`| head -n 1`" + `) does not end tenfour. When tenfour ends, it waits a second for each reader
that has stopped.

[log.md](log.md) has the fields of the access log, each with its unit.
`,
}
