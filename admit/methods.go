package admit

import "slices"

// withHead adds HEAD to methods that have GET (RFC 9110 §9.1).
func withHead(methods []string) []string {
	if slices.Contains(methods, "GET") && !slices.Contains(methods, "HEAD") {
		methods = slices.Insert(slices.Clone(methods), slices.Index(methods, "GET")+1, "HEAD")
	}
	return methods
}
