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
			more: "is the certificate's key. Both are read at the start, and when tenfour is asked to read its configuration again.",
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
			more: "says how a line is written: `auto` is text on a terminal and JSON elsewhere. The log goes to stderr.",
		},
	},
	after: `No exchange waits for either log. Their lines go through queues of 4 MiB. When a pipe's reader stops, or a disk is full, tenfour
goes on. Lines that find no room, or that cannot be written, are dropped and counted. The log says how many as soon as it can, every
10 s at most. A reader that has closed its end (` + "`| head -n 1`" + `) does not end tenfour. When tenfour ends, it waits a second for each reader
that has stopped.

A line of the access log has these fields:

| field | what |
|---|---|
` + "| `id` | the request's, the same as `X-Request-Id` in an answer of tenfour's own |\n" +
		"| `client`, `method`, `target` | the client's address, and what it requested |\n" +
		"| `for`, `name` | the client's address as a trusted proxy reports it; the name of the client's token |\n" +
		"| `status`, `bytes` | what went out, and how much content; `499`: the client left before it had an answer |\n" +
		"| `backend` | the backend that was asked last |\n" +
		"| `limited`, `queue`, `connect`, `first_byte`, `total` | milliseconds: waiting for a limit; for a slot; from there until the backend took the request's " +
		"first byte; until the response's first byte came; from the end of the request's head to the end of the exchange |\n" +
		"| `reason` | why there was no response, or no whole one |\n",
}
