package main

import (
	"errors"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// jwtLeeway is how far clocks may differ.
const jwtLeeway = time.Minute

// jwtAlgorithms are signatures by a private key. With HMAC the public key of RS256 would do as the secret, and "none" is no signature.
var jwtAlgorithms = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.EdDSA,
}

// verify takes the claims from the token once a key fits that is meant for its algorithm.
func verify(token *jwt.JSONWebToken, keys []jose.JSONWebKey, into ...any) error {
	for _, key := range keys {
		if key.Algorithm != "" && key.Algorithm != token.Headers[0].Algorithm {
			continue
		}
		err := token.Claims(key.Key, into...)
		if err == nil {
			return nil
		}
		if !errors.Is(err, jose.ErrCryptoFailure) {
			return errors.New("the token is malformed")
		}
	}
	return errors.New("the signature of the token is not valid")
}

// mistakeIn is empty where the token is for us and for now. One without an end would be good for ever.
func (h *Jwt) mistakeIn(claims jwt.Claims) string {
	if claims.Expiry == nil {
		return "the token has no exp"
	}
	if claims.Subject == "" || !isHeaderSafe(claims.Subject) {
		return "the token has no sub that a header can hold"
	}
	err := claims.ValidateWithLeeway(jwt.Expected{Issuer: h.Issuer, AnyAudience: h.Audiences, Time: time.Now()}, jwtLeeway)
	switch {
	case err == nil:
		return ""
	case errors.Is(err, jwt.ErrExpired):
		return "the token has expired"
	case errors.Is(err, jwt.ErrInvalidAudience):
		return "the token is for another audience"
	case errors.Is(err, jwt.ErrInvalidIssuer):
		return "the token is of another issuer"
	default:
		return "the token is not valid yet"
	}
}
