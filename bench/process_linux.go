package main

import "syscall"

// ownGroup keeps Ctrl-C, which the terminal sends to our group, for us alone; and whoever kills us ends what we started.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
