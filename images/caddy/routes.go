package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
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
	setting sync.Mutex
	current atomic.Pointer[table]
}

// While a configuration is loaded there are the handlers of the old one and of the new one, which is the last.
var (
	handlersLock sync.Mutex
	handlers     []*Routes
)

// activeRoutes is nil while no configuration is in force.
func activeRoutes() *Routes {
	handlersLock.Lock()
	defer handlersLock.Unlock()
	if len(handlers) == 0 {
		return nil
	}
	return handlers[len(handlers)-1]
}

// CaddyModule says who this is.
func (*Routes) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.ampoule_routes", New: func() caddy.Module { return new(Routes) }}
}

// Provision goes on with the routes of the configuration before this one, or with those that are kept.
func (h *Routes) Provision(ctx caddy.Context) error {
	h.ctx = ctx
	if t, err := h.inherited(); err == nil {
		h.current.Store(t)
	} else {
		ctx.Logger().Error("the routes that are kept are of no use, waiting for others", zap.String("file", h.File), zap.Error(err))
	}
	handlersLock.Lock()
	defer handlersLock.Unlock()
	handlers = append(handlers, h)
	return nil
}

// inherited is nil where there is nothing to go on with.
func (h *Routes) inherited() (*table, error) {
	if before := activeRoutes(); before != nil {
		if t := before.current.Load(); t != nil {
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
	return newTable(h.ctx, wanted, nil)
}

// Cleanup leaves requests that are under way alone.
func (h *Routes) Cleanup() error {
	handlersLock.Lock()
	defer handlersLock.Unlock()
	for at, each := range handlers {
		if each == h {
			handlers = append(handlers[:at:at], handlers[at+1:]...)
			break
		}
	}
	if t := h.current.Swap(nil); t != nil {
		t.release()
	}
	return nil
}

// Set puts other routes into force at once, and keeps them. Where one of them is wrong, all stays as it was.
func (h *Routes) Set(wanted definition) error {
	h.setting.Lock()
	defer h.setting.Unlock()
	t, err := newTable(h.ctx, wanted, h.current.Load())
	if err != nil {
		return caddy.APIError{HTTPStatus: http.StatusBadRequest, Err: err}
	}
	if before := h.current.Swap(t); before != nil {
		before.release()
	}
	return h.keep(wanted)
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

// ServeHTTP answers with 503 before there are routes.
func (h *Routes) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	for {
		t := h.current.Load()
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
