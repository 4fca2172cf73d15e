package admit

import "slices"

// withHead adds HEAD to methods that have GET (RFC 9110 §9.1).
func withHead(methods []string) []string {
	if slices.Contains(methods, "GET") && !slices.Contains(methods, "HEAD") {
		methods = slices.Insert(slices.Clone(methods), slices.Index(methods, "GET")+1, "HEAD")
	}
	return methods
}

// shared reports whether two lists have a method in common. words names it, for an error.
func shared(a, b []string) (words string, both bool) {
	if a == nil || b == nil {
		return "", true
	}
	for _, m := range a {
		if slices.Contains(b, m) {
			return ", for " + m, true
		}
	}
	return "", false
}
