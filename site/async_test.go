package site

import (
	"testing"

	"tenfour/config"
	"tenfour/front"
)

// TestJobRoutes_findTheRouteAlsoWhenItsOtherPathsHaveChanged, and no other route.
func TestJobRoutes_findTheRouteAlsoWhenItsOtherPathsHaveChanged(t *testing.T) {
	m := jobRoutes{}
	for name, r := range map[string]config.Route{
		"a":      {Paths: []string{"/a/", "/b"}},
		"get":    {Paths: []string{"/c"}, Methods: []string{"GET"}},
		"post":   {Paths: []string{"/c"}, Methods: []string{"POST", "PUT"}},
		"others": {Paths: []string{"/"}},
	} {
		m.add(&r, &front.Route{}, nil)
		m[nameOf(&r)].keys = &webhookKeys{from: name}
	}
	for name, want := range map[string]string{
		"/a/ /b": "a", "/a/": "a", "/a/ /x": "a", "/b": "a", "/b /a/": "a", "/a/ /b GET": "", "/x /a/": "",
		"/c GET": "get", "/c POST PUT": "post", "/c POST": "", "/c": "", "/c /d GET": "get",
		"/": "others", "": "", "GET": "", "/d": "",
	} {
		got := ""
		if to := m.find(name); to != nil {
			got = to.keys.from
		}
		if got != want {
			t.Errorf("the route of %q is %q, want %q", name, got, want)
		}
	}
}
