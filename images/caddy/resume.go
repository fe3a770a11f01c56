package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"reflect"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"
)

// dropUnfit takes the configuration that Caddy has kept out of the way where Caddy could not go on with it: it may be torn, since Caddy
// writes it in place, and files that it names may have gone. An empty one would open the admin API to the network.
func dropUnfit(bootFile string) error {
	err := checkKept(bootFile)
	if err == nil {
		return nil
	}
	file := caddy.ConfigAutosavePath
	caddy.Log().Error("the configuration that is kept is of no use, starting without it", zap.String("file", file), zap.Error(err))
	return os.RemoveAll(file)
}

// checkKept is content where nothing is kept.
func checkKept(bootFile string) error {
	kept, err := readConfig(caddy.ConfigAutosavePath)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	boot, err := readConfig(bootFile)
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(kept.Admin, boot.Admin) {
		return errors.New("its admin API is another one")
	}
	return caddy.Validate(kept)
}

func readConfig(file string) (*caddy.Config, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if !json.Valid(content) {
		return nil, errors.New("it is no JSON")
	}
	config := &caddy.Config{}
	return config, caddy.StrictUnmarshalJSON(content, config)
}
