package main

import (
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// settlePath makes the path that is passed on the one that a route is found by: what went another way there than here would go around the
// access rules of a route. Dots, doubled slashes and slashes that are escaped are resolved; a path without them stays as it is written.
func settlePath(r *http.Request) {
	clean := cleanPath(r.URL.Path)
	if clean == r.URL.Path && !strings.Contains(strings.ToLower(r.URL.RawPath), "%2f") && r.URL.Opaque == "" {
		return
	}
	r.URL.Path, r.URL.RawPath, r.URL.Opaque = clean, "", ""
	r.RequestURI = r.URL.RequestURI()
}

func cleanPath(path string) string {
	return caddyhttp.CleanPath("/"+path, true)
}
