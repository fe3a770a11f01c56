package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// definition is what the gateway sends: routes, and a name for all of them. Of routes for the same place the first that fits is taken.
type definition struct {
	ID     string            `json:"id"`
	Routes []json.RawMessage `json:"routes"`
}

// entry is one route that is ready for requests. Tables share the entries that they have in common.
type entry struct {
	place
	Route caddyhttp.Route `json:"route"`
	raw   string
	scope *scope
}

// scope is the life of what one definition brought. Each entry of each table uses the one that it came with: one of its own would take
// more memory than the entry does.
type scope struct {
	ctx   caddy.Context
	size  int
	users atomic.Int64
	close func()
}

func newScope(parent caddy.Context) *scope {
	s := &scope{}
	s.ctx, s.close = caddy.NewContext(parent)
	s.users.Store(1)
	return s
}

func (s *scope) release() {
	if s.users.Add(-1) == 0 {
		s.close()
	}
}

// table holds the routes of one definition until it is replaced and the last request within it has its answer.
type table struct {
	definition
	entries []*entry
	index   index
	users   atomic.Int64
}

// newTable takes over what it can from the table before it. It has one user, who made it.
func newTable(parent caddy.Context, wanted definition, before *table) (*table, error) {
	t := &table{definition: wanted, index: index{entries: map[place][]*entry{}}}
	t.users.Store(1)
	known := map[string]*entry{}
	if before != nil {
		for _, e := range before.entries {
			known[e.raw] = e
		}
	}
	s := newScope(parent)
	defer s.release()
	for at, raw := range wanted.Routes {
		e, ok := known[string(raw)]
		if !ok {
			e = &entry{raw: string(raw), scope: s}
			s.size++
			if err := e.prepare(); err != nil {
				t.release()
				return nil, fmt.Errorf("route %d: %w", at, err)
			}
		}
		e.scope.users.Add(1)
		t.entries = append(t.entries, e)
		t.index.add(e)
	}
	if before != nil && t.wasted() > len(t.entries) {
		defer t.release()
		return newTable(parent, wanted, nil)
	}
	return t, nil
}

// wasted is how many entries are kept although no route is theirs, since others that came with them are still there.
func (t *table) wasted() int {
	sizes := map[*scope]int{}
	for _, e := range t.entries {
		sizes[e.scope] = e.scope.size
	}
	wasted := -len(t.entries)
	for _, size := range sizes {
		wasted += size
	}
	return wasted
}

func (e *entry) prepare() error {
	if err := caddy.StrictUnmarshalJSON([]byte(e.raw), e); err != nil {
		return err
	}
	return e.Route.Provision(e.scope.ctx, nil)
}

// acquire adds a user, unless the last one has gone.
func (t *table) acquire() bool {
	for {
		users := t.users.Load()
		if users == 0 {
			return false
		}
		if t.users.CompareAndSwap(users, users+1) {
			return true
		}
	}
}

func (t *table) release() {
	if t.users.Add(-1) > 0 {
		return
	}
	for _, e := range t.entries {
		e.scope.release()
	}
}

// serve gives the request to the first route that fits, which is to be the last.
func (t *table) serve(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	settlePath(r)
	for e := range t.index.find(r.Host, r.URL.Path) {
		fits, err := e.Route.MatcherSets.AnyMatchWithError(r)
		if err != nil {
			return err
		}
		if fits {
			return e.Route.Compile(next).ServeHTTP(w, r)
		}
	}
	return next.ServeHTTP(w, r)
}
