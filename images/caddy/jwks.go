package main

import (
	"crypto/rsa"
	"encoding/json"
	"errors"

	"github.com/go-jose/go-jose/v4"
)

// minRsaBits is the least that https://www.rfc-editor.org/rfc/rfc7518#section-3.3 allows.
const minRsaBits = 2048

// keySet is a JWK set that stays as it is.
type keySet []jose.JSONWebKey

// find gives the keys of this id and those without one; all keys where there is no id.
func (s keySet) find(id string) ([]jose.JSONWebKey, error) {
	if len(s) == 0 {
		return nil, errors.New("no keys of the issuer are known")
	}
	if id == "" {
		return s, nil
	}
	var found []jose.JSONWebKey
	for _, key := range s {
		if key.KeyID == id || key.KeyID == "" {
			found = append(found, key)
		}
	}
	return found, nil
}

// parseKeys leaves out what is no public key for signatures that is good for us: https://www.rfc-editor.org/rfc/rfc7517#section-5
func parseKeys(jwks []byte) []jose.JSONWebKey {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if json.Unmarshal(jwks, &set) != nil {
		return nil
	}
	var keys []jose.JSONWebKey
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if key.UnmarshalJSON(raw) != nil || !key.IsPublic() || !key.Valid() || (key.Use != "" && key.Use != "sig") {
			continue
		}
		if public, ok := key.Key.(*rsa.PublicKey); ok && public.N.BitLen() < minRsaBits {
			continue
		}
		keys = append(keys, key)
	}
	return keys
}
