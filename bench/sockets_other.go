//go:build !linux

package main

import (
	"context"
	"net"
)

func listenSmall() (net.Listener, error) { return nil, errNotLinux }

func dialSmall(context.Context, string) (net.Conn, error) { return nil, errNotLinux }
