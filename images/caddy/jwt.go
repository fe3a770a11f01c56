package main

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

func init() {
	caddy.RegisterModule(&Jwt{})
}

// Jwt is a handler that lets in who has a token of one issuer: https://www.rfc-editor.org/rfc/rfc7519
type Jwt struct {
	Issuer string `json:"issuer"`
	// Audiences: a token has to be for one of them, where any are named.
	Audiences []string `json:"audiences,omitempty"`
	// Jwks holds the keys of the issuer; where it is absent they are at JwksURL.
	Jwks    json.RawMessage `json:"jwks,omitempty"`
	JwksURL string          `json:"jwksUrl,omitempty"`
	// JwksCA is the PEM of the authorities to trust at JwksURL, those of the system where it is absent.
	JwksCA string `json:"jwksCa,omitempty"`
	// RefreshPause is between two fetches because of ids that are not known, which anybody can make up: 30 seconds where it is absent.
	RefreshPause caddy.Duration `json:"refreshPause,omitempty"`
	// ClaimHeaders says which claim goes on in which header.
	ClaimHeaders map[string]string `json:"claimHeaders,omitempty"`

	keys    keyFinder
	poolKey string
}

// keyFinder gives the keys that may have this id, or all where there is none. It fails where no keys are known at all.
type keyFinder interface {
	find(id string) ([]jose.JSONWebKey, error)
}

// CaddyModule says who this is.
func (*Jwt) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.ampoule_jwt", New: func() caddy.Module { return new(Jwt) }}
}

// Provision never fails because of what one gateway asks for: that would keep the routes of all others from changing.
func (h *Jwt) Provision(caddy.Context) error {
	if h.JwksURL == "" {
		h.keys = keySet(parseKeys(h.Jwks))
		return nil
	}
	pause := defaultRefreshPause
	if h.RefreshPause > 0 {
		pause = time.Duration(h.RefreshPause)
	}
	h.keys, h.poolKey = sharedKeySource(h.JwksURL, h.JwksCA, pause)
	return nil
}

// Cleanup lets go of the keys.
func (h *Jwt) Cleanup() error {
	if h.poolKey == "" {
		return nil
	}
	_, err := keySources.Delete(h.poolKey)
	return err
}

// ServeHTTP answers with 401 as https://www.rfc-editor.org/rfc/rfc6750#section-3 says, and with 503 while the issuer's keys are unknown.
func (h *Jwt) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	raw := bearerOf(r)
	if raw == "" {
		return unauthorized(w, "Bearer", "there is no token")
	}
	token, err := jwt.ParseSigned(raw, jwtAlgorithms)
	if err != nil {
		return invalidToken(w, "the token is malformed or its algorithm is not allowed")
	}
	keys, err := h.keys.find(token.Headers[0].KeyID)
	if err != nil {
		return caddyhttp.Error(http.StatusServiceUnavailable, err)
	}
	var claims jwt.Claims
	var all map[string]json.RawMessage
	if err := verify(token, keys, &claims, &all); err != nil {
		return invalidToken(w, err.Error())
	}
	if reason := h.mistakeIn(claims); reason != "" {
		return invalidToken(w, reason)
	}
	headers, ok := headersOf(all, h.ClaimHeaders)
	if !ok {
		return invalidToken(w, "a claim holds characters that no header can hold")
	}
	setCaller(r, claims.Subject, headers)
	return next.ServeHTTP(w, r)
}

func invalidToken(w http.ResponseWriter, reason string) error {
	return unauthorized(w, `Bearer error="invalid_token", error_description="`+reason+`"`, reason)
}

var (
	_ caddy.Provisioner           = (*Jwt)(nil)
	_ caddy.CleanerUpper          = (*Jwt)(nil)
	_ caddyhttp.MiddlewareHandler = (*Jwt)(nil)
)
