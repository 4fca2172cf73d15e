package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestAdvice_isRightAtOnce tries every kind of mistake with every setting: one answer says all that there is to do. Advice about quotes is
// for a value that lacks them, or has them in vain, and a value that is to lose its quotes is valid without them.
func TestAdvice_isRightAtOnce(t *testing.T) {
	mistakes := []string{
		`"-1"`, `-1`, `"0"`, `0`, `"5"`, `5`, `1.5`, `"1.5"`, `99999999999999999999`, `"0x10"`, `"1_000"`, `"x"`, `""`, `" 5 "`, `"Auto"`, `true`, `1979-05-27`, `[]`, `[1]`, `["x"]`, `[[]]`, `{}`,
		`{ x = 1 }`, `nan`, `'5s'`, `"5 s"`, `"5S"`, `"1GB"`, `"a:b"`,
	}
	without := regexp.MustCompile(`write it without quotes: (.+)$`)
	tried := 0
	for _, s := range settings {
		if s.key == "" {
			continue
		}
		for _, value := range mistakes {
			text := s.written(value)
			_, err := drawn(t, text)
			said := ""
			if err != nil {
				said = firstAbout(err.Error(), s)
			}
			if said == "" {
				continue // it is no mistake here, or one of other settings
			}
			tried++
			isQuoted := strings.ContainsAny(value[:1], `"'`)
			if strings.Contains(said, ", without quotes,") && !isQuoted || strings.Contains(said, ", in quotes,") && isQuoted {
				t.Errorf("%s\n%s", text, said)
			}
			if found := without.FindStringSubmatch(said); found != nil {
				again := s.written(found[1])
				if _, err := drawn(t, again); err != nil && firstAbout(err.Error(), s) != "" {
					t.Errorf("%s\n%s\nand then %s\n%v", text, said, again, err)
				}
			}
		}
	}
	if tried < 500 {
		t.Errorf("%d mistakes were tried, want all", tried)
	}
	for value, want := range map[string]string{
		`queue = "-1"`:      `queue = "-1": write, without quotes, a number from 0 to 1000000000`,
		`queue = "5"`:       `queue = "5": write it without quotes: 5`,
		`queue = "1_000"`:   `queue = "1_000": write it without quotes: 1_000`,
		`workers = "0"`:     `workers = "0": write, without quotes, a number from 1 to 65536, or "auto"`,
		`streams = "1.5"`:   `streams = "1.5": write, without quotes, a whole number from 0 to 1000000000`,
		`hold = 5`:          `hold = 5: write, in quotes, a duration such as 500ms or 2s; 0 is none`,
		`buffer = -1`:       `buffer = -1: write, in quotes, a size such as 4096, 64KiB or 1MiB, at most 1GiB`,
		`backends = 9001`:   `backends = 9001: write, in quotes, host:port, such as 127.0.0.1:9001`,
		`socket_mode = 660`: `socket_mode = 660: write, in quotes, three octal digits after a 0, such as 0660`,
		`async = "true"`:    `async = "true": write it without quotes: true`,
		`async = 1`:         `async = 1: write true or false`,
		`async = "on"`:      `async = "on": write, without quotes, true or false`,
		`socket_mode = "9"`: `socket_mode = "9": write three octal digits after a 0, such as 0660`,
	} {
		if _, err := drawn(t, value); err == nil || !strings.HasSuffix(err.Error(), ": "+want) {
			t.Errorf("%s\ngot  %v\nwant %s", value, err, want)
		}
	}
}

// written is a file with a value for the setting.
func (s *setting) written(value string) string {
	table, key := s.table()
	switch {
	case s.of == ofLimit && key != "rate":
		return fmt.Sprintf("limit = \"a\"\n[limit.a]\nrate = \"1/s\"\n%s = %s\n", key, value)
	case s.of == ofLimit:
		return fmt.Sprintf("[[route]]\nlimit = \"a\"\n[limit.a]\n%s = %s\n", key, value)
	case slices.Contains(ofJobs, key):
		return fmt.Sprintf("async = true\n%s = %s\n", key, value)
	case key == "dedupe_fields":
		return fmt.Sprintf("dedupe = \"1s\"\n%s = %s\n", key, value)
	case table != "":
		return fmt.Sprintf("[%s]\n%s = %s\n", table, key, value)
	}
	return fmt.Sprintf("%s = %s\n", key, value)
}

// firstAbout is the first line of an error that is about a setting.
func firstAbout(say string, s *setting) string {
	_, key := s.table()
	for line := range strings.Lines(say) {
		if strings.Contains(line, key) {
			return strings.TrimSpace(line)
		}
	}
	return ""
}
