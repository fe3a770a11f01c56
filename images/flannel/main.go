// Command flannel runs the flannel library for one kind of cluster: IPv4, nftables, subnets from the Kubernetes API.
// It also writes the node's CNI configuration once the subnet is known, so that no other program has to copy files.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/flannel-io/flannel/pkg/backend"
	_ "github.com/flannel-io/flannel/pkg/backend/hostgw"
	_ "github.com/flannel-io/flannel/pkg/backend/vxlan"
	"github.com/flannel-io/flannel/pkg/ip"
	"github.com/flannel-io/flannel/pkg/ipmatch"
	"github.com/flannel-io/flannel/pkg/lease"
	"github.com/flannel-io/flannel/pkg/subnet"
	"github.com/flannel-io/flannel/pkg/subnet/kube"
	"github.com/flannel-io/flannel/pkg/trafficmngr/nftables"
	"k8s.io/klog/v2"
)

const (
	annotationPrefix = "flannel.alpha.coreos.com"
	resyncSeconds    = 5
)

type options struct {
	networkConfig, cniConfig, subnetFile, address string
}

func main() {
	var o options
	flag.StringVar(&o.networkConfig, "network-config", "/etc/kube-flannel/net-conf.json", "file with the network and the backend")
	flag.StringVar(&o.cniConfig, "cni-config", "/etc/cni/net.d/10-ampoule.conflist", "file to write the CNI configuration to")
	flag.StringVar(&o.subnetFile, "subnet-file", "/run/flannel/subnet.env", "file to write the node's subnet to")
	flag.StringVar(&o.address, "address", "", "this node's address")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil && !errors.Is(err, context.Canceled) {
		klog.ErrorS(err, "flannel ends")
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	manager, err := kube.NewSubnetManager(ctx, "", "", annotationPrefix, o.networkConfig, true)
	if err != nil {
		return fmt.Errorf("subnet manager: %w", err)
	}
	config, err := manager.GetNetworkConfig(ctx)
	if err != nil {
		return fmt.Errorf("network configuration %s: %w", o.networkConfig, err)
	}
	network, err := register(ctx, manager, config, o.address)
	if err != nil {
		return err
	}
	traffic := &nftables.NFTablesManager{}
	if err := traffic.Init(ctx); err != nil {
		return fmt.Errorf("nftables: %w", err)
	}
	none, none6 := ip.IP4Net{}, ip.IP6Net{}
	if err := traffic.SetupAndEnsureMasqRules(ctx, config.Network, none, none, none6, none6, none6, network.Lease(), resyncSeconds, false); err != nil {
		return fmt.Errorf("masquerading: %w", err)
	}
	traffic.SetupAndEnsureForwardRules(ctx, config.Network, config.IPv6Network, resyncSeconds)
	if err := manager.HandleSubnetFile(o.subnetFile, config, true, network.Lease().Subnet, network.Lease().IPv6Subnet, network.MTU()); err != nil {
		return fmt.Errorf("subnet file %s: %w", o.subnetFile, err)
	}
	if err := writeCNIConfig(o.cniConfig, network.Lease(), network.MTU()); err != nil {
		return fmt.Errorf("CNI configuration %s: %w", o.cniConfig, err)
	}
	return serve(ctx, manager, network)
}

func register(ctx context.Context, manager subnet.Manager, config *subnet.Config, address string) (backend.Network, error) {
	stack, err := ipmatch.GetIPFamily(config.EnableIPv4, config.EnableIPv6)
	if err != nil {
		return nil, err
	}
	outside, err := ipmatch.LookupExtIface(address, "", "", stack, ipmatch.PublicIPOpts{})
	if err != nil {
		return nil, fmt.Errorf("no interface has the address %q: %w", address, err)
	}
	chosen, err := backend.NewManager(ctx, manager, outside).GetBackend(config.BackendType)
	if err != nil {
		return nil, fmt.Errorf("backend %s: %w", config.BackendType, err)
	}
	return chosen.RegisterNetwork(ctx, &sync.WaitGroup{}, config)
}

func serve(ctx context.Context, manager subnet.Manager, network backend.Network) error {
	var running sync.WaitGroup
	running.Add(1)
	go func() {
		defer running.Done()
		network.Run(ctx)
	}()
	err := manager.CompleteLease(ctx, network.Lease(), &running)
	running.Wait()
	return err
}

// writeCNIConfig replaces the file in one step: a runtime that reads it meanwhile sees the old or the new one, whole.
func writeCNIConfig(path string, lease *lease.Lease, mtu int) error {
	config := map[string]any{
		"cniVersion": "1.0.0",
		"name":       "ampoule",
		"plugins": []any{map[string]any{
			"type": "bridge", "bridge": "cni0", "isGateway": true, "isDefaultGateway": true, "hairpinMode": true, "mtu": mtu,
			"ipam": map[string]any{"type": "host-local", "ranges": [][]map[string]string{{{"subnet": lease.Subnet.String()}}}},
		}},
	}
	text, err := json.MarshalIndent(config, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	temporary := path + ".new"
	if err := os.WriteFile(temporary, text, 0o644); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}
