// Command tenfour is an HTTP/1 reverse proxy for simple, slow and flaky backends. Package program is what it does.
package main

import (
	"os"

	"tenfour/program"
)

func main() { os.Exit(program.Main(os.Args[1:], os.Stdout, os.Stderr)) }
