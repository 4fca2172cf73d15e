package lab

import (
	"fmt"
	"io"
	"strings"
)

// fault is one way to misbehave, its options filled in. Each is a file of this folder.
type fault interface {
	// does says in one sentence, without its subject, what the backend does.
	does() string
	// backlog is how many connections the kernel may keep before they are accepted; shut is a port that is never open.
	backlog() int
	// run meets clients until b is being closed.
	run(b *Faulty)
}

const (
	roomy = 4096 // a backlog that is no part of the fault
	shut  = -1
)

// kind is a fault's name, and how it is made: make binds the options, which fill in their defaults.
type kind struct {
	name string
	make func(*options) fault
}

// kinds is the one table: the command's help and docs/lab.md are made from it.
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
}

// Kinds returns the names of the faults.
func Kinds() []string {
	var names []string
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return names
}

// Help writes what the kinds are, with their options and defaults.
func Help(w io.Writer) {
	for _, k := range kinds {
		f, o := k.defaults()
		fmt.Fprintf(w, "  %-9s%s\n", k.name, f.does())
		for _, option := range o {
			fmt.Fprintf(w, "           %-15s %s\n", option.key+"="+option.def, option.what)
		}
	}
}

// defaults is the fault as it is when nobody says otherwise, and its options.
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
	return kind{}, fmt.Errorf("%q: no such kind%s; there are %s", name, meant(name, Kinds()), strings.Join(Kinds(), ", "))
}
