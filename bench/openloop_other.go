//go:build !linux

package main

import "context"

// Run needs Linux.
func (o *OpenLoop) Run(context.Context) (*OpenResult, error) { return nil, errNotLinux }
