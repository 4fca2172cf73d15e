package choice

import "testing"

func TestNearest_isWhatWasMeant(t *testing.T) {
	names := []string{"workers", "workers_max", "queue", "hold", "by", "path"}
	for word, want := range map[string]string{
		"worker": "workers", "wrokers": "workers", "workersmax": "workers_max", "hodl": "hold", "b": "", "bye": "by", "pth": "path",
		"colour": "", "": "", "xy": "by", "paths": "path",
	} {
		if got := Nearest(word, names); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
}
