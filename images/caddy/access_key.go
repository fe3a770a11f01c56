package main

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

const keyHeader = "X-Api-Key"

func init() {
	caddy.RegisterModule(&AccessKey{})
}

// AccessKey is a handler that lets in who has one of its keys, and takes the key off the request.
type AccessKey struct {
	Keys []namedKey `json:"keys"`
}

type namedKey struct {
	Name string `json:"name"`
	// Sha256 is a plain hash in hex: keys are random, so that nobody finds one by trying.
	Sha256 string `json:"sha256"`
}

// CaddyModule says who this is.
func (*AccessKey) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.ampoule_access_key", New: func() caddy.Module { return new(AccessKey) }}
}

// ServeHTTP answers with 401 where the key is missing or not known.
func (h *AccessKey) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	key := r.Header.Get(keyHeader)
	if key == "" {
		key = bearerOf(r)
	}
	name, ok := h.find(key)
	if !ok {
		return unauthorized(w, `Bearer realm="Access key"`, "the access key is missing or not known")
	}
	if bearerOf(r) == key {
		r.Header.Del("Authorization")
	}
	r.Header.Del(keyHeader)
	setCaller(r, name, nil)
	return next.ServeHTTP(w, r)
}

// find looks at all keys whatever comes, so that its time says nothing about them.
func (h *AccessKey) find(key string) (string, bool) {
	sum := sha256.Sum256([]byte(key))
	given := []byte(hex.EncodeToString(sum[:]))
	found := -1
	for at, known := range h.Keys {
		if subtle.ConstantTimeCompare(given, []byte(known.Sha256)) == 1 {
			found = at
		}
	}
	if found < 0 || key == "" {
		return "", false
	}
	return h.Keys[found].Name, true
}

var _ caddyhttp.MiddlewareHandler = (*AccessKey)(nil)
