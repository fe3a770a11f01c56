package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/go-jose/go-jose/v4"
	"go.uber.org/zap"
)

const (
	jwksTimeout  = 5 * time.Second
	maxJwksBytes = 512 << 10

	defaultRefreshPause = 30 * time.Second
	// maxFirstPause is between two fetches while there are no keys at all.
	maxFirstPause = 2 * time.Second
	// jwksMaxAge bounds how long a key counts that the issuer has withdrawn.
	jwksMaxAge = 10 * time.Minute
)

// keySources outlive handlers, so that a change of routes fetches nothing.
var keySources = caddy.NewUsagePool()

// keySource fetches the keys of an issuer when they are asked for. Where that fails it goes on with those it has.
type keySource struct {
	url    string
	client *http.Client
	pause  time.Duration

	known    atomic.Pointer[fetchedKeys]
	fetching sync.Mutex
	tried    time.Time
}

type fetchedKeys struct {
	keySet
	at time.Time
}

func sharedKeySource(url, ca string, pause time.Duration) (*keySource, string) {
	key := fmt.Sprintf("%s %s %s", url, pause, ca)
	// The constructor does not fail, so neither does this.
	shared, _, _ := keySources.LoadOrNew(key, func() (caddy.Destructor, error) {
		return pooled[*keySource]{&keySource{url: url, client: clientTrusting(ca), pause: pause}}, nil
	})
	return shared.(pooled[*keySource]).value, key
}

// clientTrusting follows no redirects and asks no proxy: the keys come from where the gateway says.
func clientTrusting(ca string) *http.Client {
	transport := &http.Transport{DisableKeepAlives: true}
	if ca != "" {
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM([]byte(ca))
		transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &http.Client{Timeout: jwksTimeout, Transport: transport, CheckRedirect: stay}
}

func (s *keySource) find(id string) ([]jose.JSONWebKey, error) {
	known := s.known.Load()
	if known != nil {
		if found, err := known.find(id); len(found) > 0 {
			if time.Since(known.at) > jwksMaxAge {
				go s.refreshUnlessBusy()
			}
			return found, err
		}
	}
	s.fetching.Lock()
	s.refresh()
	s.fetching.Unlock()
	if known = s.known.Load(); known == nil {
		return nil, errors.New("the keys of the issuer cannot be fetched")
	}
	return known.find(id)
}

func (s *keySource) refreshUnlessBusy() {
	if s.fetching.TryLock() {
		s.refresh()
		s.fetching.Unlock()
	}
}

// refresh is for who holds the lock. The pause begins when a fetch ends, so that those who waited for it do not fetch one by one.
func (s *keySource) refresh() {
	pause := s.pause
	if s.known.Load() == nil {
		pause = min(pause, maxFirstPause)
	}
	if time.Since(s.tried) < pause {
		return
	}
	keys, err := s.fetch()
	s.tried = time.Now()
	if err != nil {
		caddy.Log().Named("ampoule.jwks").Warn("keys cannot be fetched", zap.String("url", s.url), zap.Error(err))
		return
	}
	s.known.Store(&fetchedKeys{keySet: keys, at: s.tried})
}

func (s *keySource) fetch() ([]jose.JSONWebKey, error) {
	response, err := s.client.Get(s.url)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", response.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxJwksBytes+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxJwksBytes {
		return nil, errors.New("the answer is too long")
	}
	keys := parseKeys(body)
	if len(keys) == 0 {
		return nil, errors.New("the answer holds no key that can be used")
	}
	return keys, nil
}
