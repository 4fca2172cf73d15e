package choice

import "errors"

// LogLevel is the lowest level of the lines that are logged. The zero value is LogDebug.
type LogLevel uint8

// The levels, from the lowest.
const (
	LogDebug LogLevel = iota
	LogInfo
	LogWarn
	LogError
)

func (LogLevel) words() []string { return []string{"debug", "info", "warn", "error"} }

// String returns the word for l.
func (l LogLevel) String() string { return l.words()[l] }

// LogFormat is how a log line is written. The zero value is FormatAuto.
type LogFormat uint8

const (
	FormatAuto LogFormat = iota // as text on a terminal, else as JSON
	FormatText                  // as people read it
	FormatJSON                  // one object in a line
)

func (LogFormat) words() []string { return []string{"auto", "text", "json"} }

// String returns the word for f.
func (f LogFormat) String() string { return f.words()[f] }

// AccessFormat is how a line of the access log is written. The zero value is AccessAuto.
type AccessFormat uint8

const (
	AccessAuto     AccessFormat = iota // as text on a terminal, else as JSON
	AccessText                         // as people read it
	AccessJSON                         // one object in a line
	AccessCombined                     // as Apache writes its combined log
)

func (AccessFormat) words() []string { return []string{"auto", "text", "json", "combined"} }

// String returns the word for f.
func (f AccessFormat) String() string { return f.words()[f] }

// AccessLog is where the access log goes. The zero value is nowhere.
type AccessLog struct {
	Stdout bool
	File   string // unless Stdout; "" for none
}

// AccessLogWants says what to write for an AccessLog.
const AccessLogWants = "off, stdout or the name of a file"

// ParseAccessLog reads off, stdout or the name of a file.
func ParseAccessLog(text string) (AccessLog, error) {
	switch text {
	case "":
		return AccessLog{}, errors.New("write " + AccessLogWants)
	case "off":
		return AccessLog{}, nil
	case "stdout":
		return AccessLog{Stdout: true}, nil
	}
	return AccessLog{File: text}, nil
}

// String returns a in the form that ParseAccessLog reads.
func (a AccessLog) String() string {
	switch {
	case a.Stdout:
		return "stdout"
	case a.File == "":
		return "off"
	}
	return a.File
}
