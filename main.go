// Command tenfour runs program and exits with its code. It is an HTTP/1 reverse proxy for simple, slow and flaky backends.
package main

import (
	"os"

	"tenfour/program"
)

func main() { os.Exit(program.Main(os.Args[1:], os.Stdout, os.Stderr)) }
