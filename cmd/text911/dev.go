package main

import (
	"net"

	"text911/cmd/text911/config"
)

// devConfig is what --dev and the demo start from: loopback, one PSAP, one trunk. Texts are taken
// in while they wait, so that there is something to see.
func devConfig() *config.Config {
	cfg := config.Default()
	cfg.Logging = config.Logging{Level: "warn", Format: "text"}
	p := config.DefaultPSAP()
	p.ID, p.Capacity = "psap.example", 10000
	cfg.PSAPs = []config.PSAP{p}
	t := config.DefaultTrunk()
	t.Name, t.Addresses, t.PSAP, t.Answer = "loopback", []string{"127.0.0.0/8", "::1"}, p.ID, "immediate"
	cfg.Trunks = []config.Trunk{t}
	return &cfg
}

// devPorts gives way where a usual port is taken.
func devPorts(cfg *config.Config) {
	for _, a := range []*string{&cfg.HTTP.Listen, &cfg.Admin.Listen, &cfg.MSRP.TCP, &cfg.NATS.Listen} {
		*a = freePort("tcp", *a)
	}
	for i := range cfg.SIP.UDP {
		cfg.SIP.UDP[i] = freePort("udp", cfg.SIP.UDP[i])
	}
	for i := range cfg.SIP.TCP {
		cfg.SIP.TCP[i] = freePort("tcp", cfg.SIP.TCP[i])
	}
}

// freePort is the address itself, or its host with port 0 when the port is taken.
func freePort(network, address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if network == "udp" {
		c, err := net.ListenPacket("udp", address)
		if err != nil {
			return net.JoinHostPort(host, "0")
		}
		_ = c.Close()
		return address
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return net.JoinHostPort(host, "0")
	}
	_ = l.Close()
	return address
}
