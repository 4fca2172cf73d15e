package main

import "syscall"

// ownGroup puts a program into a group of its own, so that the terminal does not send it Ctrl-C. If the benchmark is killed, the
// kernel kills the program too.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
