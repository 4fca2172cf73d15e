// Package lab is backends that misbehave on purpose, and the welcome page.
//
//	site, err := lab.Dir("public") // or lab.Welcome(): the page of a tenfour that was given no backend
//	if err != nil {
//		return err // says what is wrong with the directory, and what to do
//	}
//	backends, err := lab.Start(site, 4)
//	if err != nil {
//		return err
//	}
//	defer backends.Close()
//	fmt.Println(backends.Addrs()) // [127.0.0.1:40211 127.0.0.1:40212 ...]
//
// These are the well-behaved ones: static backends, over net/http, from memory or from a directory. The others are raw TCP,
// each with one fault, and take the same text as the command "tenfour lab" does:
//
//	b, err := lab.StartFaulty("fork:pause=40ms") // KIND[:key=value[,key=value...]][@HOST:PORT]; Help lists the kinds
//	if err != nil {
//		return err // says what is wrong with the text, and what was probably meant
//	}
//	defer b.Close()
//	fmt.Println(b.Addr(), b.Counts().Requests)
//
// What it does not do: it listens on loopback unless it is told otherwise, has no TLS, logs nothing, runs no programs, takes
// no uploads, and caches no files. None of it is in the path of an exchange with a backend of one's own.
package lab
