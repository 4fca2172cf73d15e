package program

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"tenfour/sock"
	"tenfour/value/listen"
)

// inWords says why tenfour cannot listen at an address, and what to do. how is what stands before an address on the command line.
func inWords(at listen.Address, err error, how string) string {
	var dns *net.DNSError
	var is syscall.Errno
	errors.As(err, &is)
	switch {
	case errors.As(err, &dns) && strings.HasPrefix(dns.Err, "unknown port"):
		return "there is no service of that name: write a number for the port"
	case errors.As(err, &dns):
		return fmt.Sprintf("the name %s cannot be resolved (%s): write an address of this machine, such as 127.0.0.1 or 0.0.0.0", dns.Name, dns.Err)
	case sock.OutOfDescriptors(err):
		return "no descriptor is left for it: raise the limit (ulimit -n)"
	case at.Kind == listen.Unix:
		return unixInWords(at.Where, is, err)
	case at.Kind == listen.TCP:
		return tcpInWords(at.Where, is, err, how)
	}
	return bare(err).Error()
}

func tcpInWords(where string, is syscall.Errno, err error, how string) string {
	host, port, _ := net.SplitHostPort(where)
	switch is {
	case syscall.EADDRINUSE:
		return "the address is in use: another program listens there, perhaps another tenfour. End that program, or choose another port, such as " +
			how + net.JoinHostPort(host, next(port)) + ". " + fmt.Sprintf(shows(), port) + " shows which program it is"
	case syscall.EACCES, syscall.EPERM:
		return "ports below 1024 need a right that tenfour does not have: choose another port, such as " + how + net.JoinHostPort(host, "8080") +
			"; or give the right to it (setcap cap_net_bind_service=+ep, or AmbientCapabilities=CAP_NET_BIND_SERVICE in a unit); or let systemd open a socket"
	case syscall.EADDRNOTAVAIL:
		return "this machine has no such address: ip addr shows which it has; 0.0.0.0 is all of IPv4, [::] all"
	case syscall.EAFNOSUPPORT:
		return "this machine has no addresses of that kind, perhaps because IPv6 is switched off: write one of IPv4, such as 127.0.0.1"
	}
	return bare(err).Error()
}

// next is another port than the one that is in use.
func next(port string) string {
	if n, err := strconv.Atoi(port); err == nil && n < 65535 {
		return strconv.Itoa(n + 1)
	}
	return "8001"
}

// shows is the command that shows which program listens on a port.
func shows() string {
	if runtime.GOOS == "linux" {
		return "ss -ltnp 'sport = :%s'"
	}
	return "lsof -nP -iTCP:%s -sTCP:LISTEN"
}

func unixInWords(path string, is syscall.Errno, err error) string {
	dir := filepath.Dir(path)
	switch is {
	case syscall.EADDRINUSE:
		return "a program that runs listens there, perhaps another tenfour. End that program, or choose another path. ss -lxp shows which program it is"
	case syscall.ENOENT:
		return "there is no directory " + dir + ": make it (mkdir -p), or choose another path"
	case syscall.ENOTDIR:
		return dir + " is no directory: choose another path"
	case syscall.EACCES, syscall.EPERM:
		return "tenfour may not make a file in " + dir + ": choose another path, such as one in RuntimeDirectory= of a unit, or change the directory's permissions"
	case syscall.EROFS:
		return "the file system of " + dir + " is read-only: choose another path, such as one in /run"
	}
	return bare(err).Error()
}

// bare is an error without the operation and the address that package net puts in front of it: the caller names them.
func bare(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	var call *os.SyscallError
	if errors.As(err, &call) {
		err = call.Err
	}
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return err
}
