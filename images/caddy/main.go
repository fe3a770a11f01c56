// Command caddy is Caddy with the modules that the gateway's configuration names, with handlers that say who may call an API gateway and
// how often, and with routes that change without a load: each load of a configuration starts new servers, and a connection that reaches
// an old one while it shuts down is closed unanswered.
package main

import (
	"fmt"
	"os"
	"slices"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	_ "github.com/caddyserver/caddy/v2/modules/caddyhttp"
	_ "github.com/caddyserver/caddy/v2/modules/caddyhttp/caddyauth"
	_ "github.com/caddyserver/caddy/v2/modules/caddyhttp/headers"
	_ "github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	_ "github.com/caddyserver/caddy/v2/modules/caddyhttp/rewrite"
	_ "github.com/caddyserver/caddy/v2/modules/caddytls"
	_ "github.com/caddyserver/caddy/v2/modules/caddytls/standardstek"
	_ "github.com/caddyserver/caddy/v2/modules/filestorage"
	_ "github.com/caddyserver/caddy/v2/modules/logging"
)

func main() {
	at := slices.Index(os.Args, "--config")
	if at > 0 && at+1 < len(os.Args) && slices.Contains(os.Args, "--resume") {
		if err := dropUnfit(os.Args[at+1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	caddycmd.Main()
}
