package front

import "testing"

func TestLinger_endsAfter5SecondsOfSilenceAndAfter30InAll(t *testing.T) {
	const second = int64(1e9)
	const end = 100 * second
	for now, want := range map[int64]int64{70 * second: 75 * second, 94 * second: 99 * second, 95 * second: end, 96 * second: end, end: end} {
		if got := lingerUntil(now, end); got != want {
			t.Errorf("at %d s: until %d s, want %d", now/second, got/second, want/second)
		}
	}
}
