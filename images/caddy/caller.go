package main

import (
	"errors"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

const userPrefix = "http.auth.user."

// setCaller tells the handlers after this one who calls, by the placeholders of Caddy's own authentication.
func setCaller(r *http.Request, name string, more map[string]string) {
	repl := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	for header, value := range more {
		repl.Set(userPrefix+header, value)
	}
	repl.Set(userPrefix+"id", name)
}

// callerOf is empty where nobody had to say who they are.
func callerOf(r *http.Request) string {
	repl := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	name, _ := repl.GetString(userPrefix + "id")
	return name
}

// bearerOf is the token of https://www.rfc-editor.org/rfc/rfc6750#section-2.1. Of two headers the function might believe the other one.
func bearerOf(r *http.Request) string {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return ""
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.Trim(token, " ")
}

// unauthorized refuses a request. The reason is for Caddy's log alone and must not hold what the caller sent.
func unauthorized(w http.ResponseWriter, challenge, reason string) error {
	if challenge != "" {
		w.Header().Set("WWW-Authenticate", challenge)
	}
	return caddyhttp.Error(http.StatusUnauthorized, errors.New(reason))
}

// isHeaderSafe says whether a value arrives as it is: neither control characters, nor spaces at its ends, which get lost on the way.
func isHeaderSafe(value string) bool {
	return value == strings.TrimSpace(value) && !strings.ContainsFunc(value, func(c rune) bool { return c < ' ' || c == 0x7f })
}
