package amount

import (
	"testing"
	"time"
)

func TestParseDuration_readsWhatPeopleWrite(t *testing.T) {
	tests := map[string]struct {
		want               time.Duration
		asDuration, asSpan string
	}{
		"10ms": {10 * time.Millisecond, "10ms", "10ms"}, "0": {0, "0s", "0s"}, "90s": {90 * time.Second, "90s", "1m30s"},
		"1m": {time.Minute, "60s", "1m"}, "2m": {2 * time.Minute, "2m", "2m"}, "1.5h": {90 * time.Minute, "1h30m", "1h30m"},
		"1d": {24 * time.Hour, "24h", "24h"}, "0.5d": {12 * time.Hour, "12h", "12h"}, "10h10s": {10*time.Hour + 10*time.Second, "10h0m10s", "10h0m10s"},
		"1500ms": {1500 * time.Millisecond, "1.5s", "1.5s"}, "36500d": {36500 * 24 * time.Hour, "876000h", "876000h"},
	}
	for text, tc := range tests {
		got, err := ParseDuration(text)
		if err != nil || got != tc.want || FormatDuration(got) != tc.asDuration || FormatSpan(got) != tc.asSpan {
			t.Errorf("%s: got %v, %v, written %s and %s; want %+v", text, got, err, FormatDuration(got), FormatSpan(got), tc)
		}
		for _, again := range []string{FormatDuration(got), FormatSpan(got)} {
			if d, err := ParseDuration(again); err != nil || d != got {
				t.Errorf("%s: %s is read as %v, %v", text, again, d, err)
			}
		}
	}
	for _, text := range []string{"", "5", "d", "1 d", "NaNd", "infd", "36501d", "1day", "s", "1d1h"} {
		if d, err := ParseDuration(text); err == nil {
			t.Errorf("%q is taken for %v", text, d)
		}
	}
}

func TestParseSize_readsWhatPeopleWrite(t *testing.T) {
	tests := map[string]struct {
		want int
		text string
	}{
		"0": {0, "0"}, "1": {1, "1"}, "1023": {1023, "1023"}, "1024": {1024, "1KiB"}, "4096B": {4096, "4KiB"}, "64k": {64 << 10, "64KiB"},
		"1500KiB": {1500 << 10, "1500KiB"}, "1kB": {1000, "1000"}, "1.5MiB": {1536 << 10, "1536KiB"}, "1 GiB": {1 << 30, "1GiB"},
		"1GB": {1e9, "1000000000"}, "1048576MiB": {1 << 40, "1024GiB"},
	}
	for text, tc := range tests {
		got, err := ParseSize(text)
		if err != nil || got != tc.want || FormatSize(got) != tc.text {
			t.Errorf("%s: got %d, %v, written %s; want %+v", text, got, err, FormatSize(got), tc)
		}
		if again, err := ParseSize(FormatSize(got)); err != nil || again != got {
			t.Errorf("%s: %s is read as %d, %v", text, FormatSize(got), again, err)
		}
	}
	for _, text := range []string{"", "B", "KiB", "-1", "1MiBB", "NaN", "inf", "1025GiB", "1KiB;", "one"} {
		if n, err := ParseSize(text); err == nil {
			t.Errorf("%q is taken for %d", text, n)
		}
	}
}
