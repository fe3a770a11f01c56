package main

import (
	"crypto/x509"
	"errors"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

func init() {
	caddy.RegisterModule(&ClientCertificate{})
}

// ClientCertificate is a handler that lets in who has shown a certificate of its authorities. The handshake asks for one by the name that
// the client sends in it (SNI) and does not check it; here the host of the request counts, so that no other name leads past this.
type ClientCertificate struct {
	// CA is the PEM of the authorities.
	CA string `json:"ca"`

	roots *x509.CertPool
}

// CaddyModule says who this is.
func (*ClientCertificate) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.ampoule_client_certificate", New: func() caddy.Module { return new(ClientCertificate) }}
}

// Provision never fails because of what one gateway asks for: without an authority nobody comes in.
func (h *ClientCertificate) Provision(caddy.Context) error {
	h.roots = x509.NewCertPool()
	h.roots.AppendCertsFromPEM([]byte(h.CA))
	return nil
}

// ServeHTTP answers with 401 where there is no certificate or a wrong one. A browser may send requests for this host over a connection
// that it has to another host, where nobody asked for a certificate; by 421 it learns to open a connection of its own:
// https://www.rfc-editor.org/rfc/rfc9110#section-15.5.20
func (h *ClientCertificate) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		if r.ProtoMajor == 2 && r.TLS != nil && !strings.EqualFold(r.TLS.ServerName, namesOf(r.Host)[0]) {
			return caddyhttp.Error(http.StatusMisdirectedRequest, errors.New("the connection is to another host"))
		}
		return unauthorized(w, "", "there is no client certificate")
	}
	own := r.TLS.PeerCertificates[0]
	between := x509.NewCertPool()
	for _, each := range r.TLS.PeerCertificates[1:] {
		between.AddCert(each)
	}
	options := x509.VerifyOptions{Roots: h.roots, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	if _, err := own.Verify(options); err != nil {
		return unauthorized(w, "", "the client certificate is not valid here")
	}
	name := own.Subject.CommonName
	if name == "" || !isHeaderSafe(name) {
		return unauthorized(w, "", "the client certificate has no common name that a header can hold")
	}
	setCaller(r, name, nil)
	return next.ServeHTTP(w, r)
}

var (
	_ caddy.Provisioner           = (*ClientCertificate)(nil)
	_ caddyhttp.MiddlewareHandler = (*ClientCertificate)(nil)
)
