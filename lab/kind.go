package lab

import (
	"fmt"
	"io"
	"strings"

	"tenfour/value/choice"
)

// fault is one way to misbehave, with its options filled in. Each has a file of its own in this folder.
type fault interface {
	// does says in one sentence, without its subject, what the backend does.
	does() string
	// backlog is how many connections the kernel may keep until they are accepted; shut means that the port never opens.
	backlog() int
	// run serves clients until b is closed.
	run(b *Faulty)
}

// beginner is a fault that needs something before it accepts its first client.
type beginner interface {
	// begin is called once, before run. After an error run is not called.
	begin() error
}

const (
	roomy = 4096 // a backlog so large that it does not matter
	shut  = -1
)

// kind is a fault's name, and a function that makes it and binds its options, with their defaults filled in.
type kind struct {
	name string
	make func(*options) fault
}

// kinds is the table of all faults: the command's help and docs/lab.md are made from it.
var kinds = []kind{
	{"slow", newSlow},
	{"single", newSingle},
	{"flaky", newFlaky},
	{"fork", newFork},
	{"restart", newRestart},
	{"reset", newReset},
	{"short", newShort},
	{"mute", newMute},
	{"refuse", newRefuse},
	{"big", newBig},
	{"echo", newEcho},
	{"raw", newRaw},
	{"record", newRecord},
}

// Kinds returns the names of the faults.
func Kinds() []string {
	var names []string
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return names
}

// Help writes a list of the kinds, with their options and defaults.
func Help(w io.Writer) {
	for _, k := range kinds {
		f, o := k.defaults()
		fmt.Fprintf(w, "  %-9s%s\n", k.name, f.does())
		for _, option := range o {
			fmt.Fprintf(w, "           %-15s %s\n", option.key+"="+option.def, option.what)
		}
	}
}

// defaults returns the fault with its default options, and the options.
func (k kind) defaults() (fault, options) {
	var o options
	f := k.make(&o)
	return f, o
}

func kindOf(name string) (kind, error) {
	for _, k := range kinds {
		if k.name == name {
			return k, nil
		}
	}
	return kind{}, fmt.Errorf("%q: no such kind%s; there are %s", name, choice.DidYouMean(name, Kinds()), strings.Join(Kinds(), ", "))
}
