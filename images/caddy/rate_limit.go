package main

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"golang.org/x/time/rate"
)

// ipv6Bits is the part of an IPv6 address that one subscriber has; the rest is theirs to choose.
const ipv6Bits = 64

func init() {
	caddy.RegisterModule(&RateLimit{})
}

// allBuckets outlives handlers: the two ways of a gateway with a canary share theirs, and a load of a configuration fills none.
var allBuckets = caddy.NewUsagePool()

// RateLimit is a handler that refuses requests above a rate.
type RateLimit struct {
	// Name is the gateway that the limit belongs to.
	Name              string  `json:"name"`
	RequestsPerSecond float64 `json:"requestsPerSecond"`
	Burst             int     `json:"burst"`
	// Per says who shares a bucket: all ("gateway"), an address ("ip") or a caller that a handler before this one knows ("caller").
	Per string `json:"per"`

	key     string
	buckets *buckets
}

// CaddyModule says who this is.
func (*RateLimit) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.ampoule_rate_limit", New: func() caddy.Module { return new(RateLimit) }}
}

// Provision goes on with the buckets of the same limit, where there is one.
func (h *RateLimit) Provision(caddy.Context) error {
	key := fmt.Sprintf("%s %g %d %s", h.Name, h.RequestsPerSecond, h.Burst, h.Per)
	shared, _, err := allBuckets.LoadOrNew(key, func() (caddy.Destructor, error) {
		return pooled[*buckets]{newBuckets(rate.Limit(h.RequestsPerSecond), h.Burst)}, nil
	})
	if err != nil {
		return err
	}
	h.key, h.buckets = key, shared.(pooled[*buckets]).value
	return nil
}

// Cleanup lets go of the buckets.
func (h *RateLimit) Cleanup() error {
	if h.buckets == nil {
		return nil
	}
	_, err := allBuckets.Delete(h.key)
	return err
}

// ServeHTTP answers with 429 and Retry-After, whole seconds: https://www.rfc-editor.org/rfc/rfc6585#section-4
func (h *RateLimit) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	wait := h.buckets.take(h.bucketOf(r), time.Now())
	if wait == 0 {
		return next.ServeHTTP(w, r)
	}
	w.Header().Set("Retry-After", strconv.FormatFloat(math.Ceil(wait.Seconds()), 'f', 0, 64))
	return caddyhttp.Error(http.StatusTooManyRequests, errors.New("the rate limit of the API gateway is reached"))
}

func (h *RateLimit) bucketOf(r *http.Request) string {
	switch h.Per {
	case "ip":
		return networkOf(r.RemoteAddr)
	case "caller":
		return callerOf(r)
	default:
		return ""
	}
}

// networkOf reads the address of the connection: headers can say anything.
func networkOf(remote string) string {
	from, err := netip.ParseAddrPort(remote)
	if err != nil {
		return ""
	}
	address := from.Addr().Unmap().WithZone("")
	if address.Is4() {
		return address.String()
	}
	network, err := address.Prefix(ipv6Bits)
	if err != nil {
		return ""
	}
	return network.String()
}

var (
	_ caddy.Provisioner           = (*RateLimit)(nil)
	_ caddy.CleanerUpper          = (*RateLimit)(nil)
	_ caddyhttp.MiddlewareHandler = (*RateLimit)(nil)
)
