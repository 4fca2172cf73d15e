package logs

import (
	"time"

	"github.com/rs/zerolog"
)

// writeJSON writes the line of an exchange as JSON: the key of a duration ends in its unit.
func writeJSON(log *zerolog.Logger, e *Entry) {
	line := log.Info().Str("id", e.ID)
	if e.Client.IsValid() {
		line.Str("client", e.Client.Addr().String()).Uint16("port", e.Client.Port())
	} else {
		line.Str("client", overUnix)
	}
	if e.For.IsValid() {
		line.Str("for", e.For.String())
	}
	text(line, "name", e.Name)
	if e.Method != nil {
		line.Bytes("method", e.Method).Bytes("target", e.Target).Str("proto", e.Proto)
	}
	field(line, "host", e.Host)
	line.Int("status", e.Status).Int64("bytes", e.Bytes)
	text(line, "backend", e.Backend)
	text(line, "joined", e.Joined)
	span(line, "limited_ms", e.Limited)
	span(line, "body_ms", e.Body)
	span(line, "queue_ms", e.Queue)
	span(line, "connect_ms", e.Connect)
	span(line, "first_byte_ms", e.FirstByte)
	span(line, "total_ms", e.Total)
	field(line, "user_agent", e.UserAgent)
	field(line, "referer", e.Referer)
	text(line, "reason", e.Reason)
	line.Send()
}

func text(line *zerolog.Event, key, value string) {
	if value != "" {
		line.Str(key, value)
	}
}

func field(line *zerolog.Event, key string, value []byte) {
	if value != nil {
		line.Bytes(key, value)
	}
}

func span(line *zerolog.Event, key string, d time.Duration) {
	if d >= 0 {
		line.Dur(key, d)
	}
}
