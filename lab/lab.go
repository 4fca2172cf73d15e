// Package lab has backends that misbehave on purpose, and the welcome page, with backends that serve it or a directory.
//
//	site, err := lab.Dir("public") // or lab.Welcome(): the page of a tenfour without a backend
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
// These backends behave well: they are static, use net/http, and serve from memory or from a directory. The others use raw
// TCP and have one fault each. The same text describes them as in the command "tenfour lab":
//
//	b, err := lab.StartFaulty("fork:pause=40ms") // KIND[:key=value[,key=value...]][@HOST:PORT]; Help lists the kinds
//	if err != nil {
//		return err // says what is wrong with the text, and suggests a valid word
//	}
//	defer b.Close()
//	fmt.Println(b.Addr(), b.Counts().Requests)
//
// By default a backend listens on loopback only. The package has no TLS, logs nothing, runs no programs, takes no uploads, and
// caches no files. It is not in the path of an exchange with any other backend.
package lab
