package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
)

func init() {
	caddy.RegisterModule(&Routes{})
}

// Routes is a handler whose routes are set over the admin API. It keeps them in a file, for a Caddy that starts anew.
type Routes struct {
	// Config names the configuration that this handler belongs to.
	Config string `json:"config"`
	// File is where the routes are kept.
	File string `json:"file"`

	ctx     caddy.Context
	current atomic.Pointer[table]
	isKept  atomic.Bool
}

// Handlers come, go and get other routes one at a time, so that none of this gets lost. While a configuration is loaded there are the
// handlers of the old one and of the new one, which is the last.
var (
	changing sync.Mutex
	handlers []*Routes
	active   atomic.Pointer[Routes]
)

// CaddyModule says who this is.
func (*Routes) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.ampoule_routes", New: func() caddy.Module { return new(Routes) }}
}

// Provision goes on with the routes of the configuration before this one, or with those that are kept.
func (h *Routes) Provision(ctx caddy.Context) error {
	changing.Lock()
	defer changing.Unlock()
	h.ctx = ctx
	if t, err := h.inherited(); err == nil {
		h.current.Store(t)
	} else {
		ctx.Logger().Error("the routes that are kept are of no use, waiting for others", zap.String("file", h.File), zap.Error(err))
	}
	handlers = append(handlers, h)
	active.Store(h)
	return nil
}

// inherited is nil where there is nothing to go on with.
func (h *Routes) inherited() (*table, error) {
	if before := active.Load(); before != nil {
		if t := before.current.Load(); t != nil {
			h.isKept.Store(before.isKept.Load())
			return newTable(h.ctx, t.definition, nil)
		}
	}
	kept, err := os.ReadFile(h.File)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var wanted definition
	if err := json.Unmarshal(kept, &wanted); err != nil {
		return nil, err
	}
	h.isKept.Store(true)
	return newTable(h.ctx, wanted, nil)
}

// Cleanup leaves requests that are under way alone.
func (h *Routes) Cleanup() error {
	changing.Lock()
	defer changing.Unlock()
	handlers = slices.DeleteFunc(handlers, func(each *Routes) bool { return each == h })
	if len(handlers) == 0 {
		active.Store(nil)
	} else {
		active.Store(handlers[len(handlers)-1])
	}
	if t := h.current.Swap(nil); t != nil {
		t.release()
	}
	return nil
}

// setRoutes puts other routes into force at once, and keeps them. Where one of them is wrong, all stays as it was.
func setRoutes(wanted definition) error {
	changing.Lock()
	defer changing.Unlock()
	h := active.Load()
	if h == nil {
		return errNoConfiguration
	}
	t, err := newTable(h.ctx, wanted, h.current.Load())
	if err != nil {
		return caddy.APIError{HTTPStatus: http.StatusBadRequest, Err: err}
	}
	if before := h.current.Swap(t); before != nil {
		before.release()
	}
	err = h.keep(wanted)
	h.isKept.Store(err == nil)
	return err
}

func (h *Routes) keep(wanted definition) error {
	content, err := json.Marshal(wanted)
	if err != nil {
		return err
	}
	next := h.File + ".next"
	if err := os.WriteFile(next, content, 0o600); err != nil {
		return err
	}
	return os.Rename(next, h.File)
}

// ServeHTTP answers with 503 before there are routes. Connections outlive their configuration, and then find the routes of the one in force.
func (h *Routes) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	for {
		t := h.current.Load()
		if now := active.Load(); t == nil && now != nil {
			t = now.current.Load()
		}
		if t == nil {
			return caddyhttp.Error(http.StatusServiceUnavailable, errors.New("there are no routes yet"))
		}
		if t.acquire() {
			defer t.release()
			return t.serve(w, r, next)
		}
	}
}

var (
	_ caddy.Provisioner           = (*Routes)(nil)
	_ caddy.CleanerUpper          = (*Routes)(nil)
	_ caddyhttp.MiddlewareHandler = (*Routes)(nil)
)
