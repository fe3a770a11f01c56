package main

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

func init() {
	caddy.RegisterModule(Admin{})
	caddy.RegisterModule(Health{})
}

// Admin lets the gateway see and set the routes: GET and PUT /ampoule/routes.
type Admin struct{}

// CaddyModule says who this is.
func (Admin) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "admin.api.ampoule", New: func() caddy.Module { return new(Admin) }}
}

// Routes says what is answered.
func (Admin) Routes() []caddy.AdminRoute {
	return []caddy.AdminRoute{{Pattern: "/ampoule/routes", Handler: caddy.AdminHandlerFunc(serveAdmin)}}
}

// state names what is in force. Routes that a Caddy that starts anew would not find again have no name: they are to be set once more.
type state struct {
	Config string `json:"config"`
	Routes string `json:"routes"`
}

var errNoConfiguration = caddy.APIError{HTTPStatus: http.StatusNotFound, Err: errors.New("no configuration with ampoule_routes is in force")}

func serveAdmin(w http.ResponseWriter, r *http.Request) error {
	switch r.Method {
	case http.MethodGet:
	case http.MethodPut:
		var wanted definition
		if err := json.NewDecoder(r.Body).Decode(&wanted); err != nil {
			return caddy.APIError{HTTPStatus: http.StatusBadRequest, Err: err}
		}
		if err := setRoutes(wanted); err != nil {
			return err
		}
	default:
		return caddy.APIError{HTTPStatus: http.StatusMethodNotAllowed, Err: errors.New("GET or PUT")}
	}
	h := active.Load()
	if h == nil {
		return errNoConfiguration
	}
	now := state{Config: h.Config}
	if t := h.current.Load(); t != nil && h.isKept.Load() {
		now.Routes = t.ID
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(now)
}

// Health is a handler that says whether requests find their routes.
type Health struct{}

// CaddyModule says who this is.
func (Health) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.ampoule_health", New: func() caddy.Module { return new(Health) }}
}

// ServeHTTP answers with 200 or 503.
func (Health) ServeHTTP(w http.ResponseWriter, _ *http.Request, _ caddyhttp.Handler) error {
	status, text := http.StatusServiceUnavailable, "starting"
	if h := active.Load(); h != nil && h.current.Load() != nil {
		status, text = http.StatusOK, "ok"
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	return json.NewEncoder(w).Encode(map[string]string{"status": text})
}

var (
	_ caddy.AdminRouter           = Admin{}
	_ caddyhttp.MiddlewareHandler = Health{}
)
