package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Validate reports every fault at once.
func (c *Config) Validate() error {
	f := &faults{}
	f.need(c.Node.Name != "", "node.name is empty")
	f.need(c.Node.DataDir != "" || c.NATS.URL != "", "node.data_dir is empty")
	f.need(c.Node.DrainTimeout >= 0, "node.drain_timeout is negative")
	c.validateLog(f)
	c.validateHTTP(f)
	c.validateSIP(f)
	c.validateMSRP(f)
	c.validatePSAPs(f)
	c.validateTrunks(f)
	f.need(slices.Contains([]string{"debug", "info", "warn", "error"}, c.Logging.Level), "logging.level is not debug, info, warn or error")
	f.need(slices.Contains([]string{"json", "text"}, c.Logging.Format), "logging.format is not json or text")
	return errors.Join(f.all...)
}

type faults struct{ all []error }

func (f *faults) need(ok bool, format string, args ...any) {
	if !ok {
		f.all = append(f.all, fmt.Errorf(format, args...))
	}
}

func (f *faults) address(key, value string) {
	if value == "" {
		return
	}
	_, _, err := net.SplitHostPort(value)
	f.need(err == nil, "%s: %q is not host:port", key, value)
}

func (f *faults) addresses(key string, values []string) {
	for _, v := range values {
		f.address(key, v)
	}
}

func (f *faults) pair(section, cert, key string) {
	f.need((cert == "") == (key == ""), "%s.cert_file and %s.key_file belong together", section, section)
}

func (c *Config) validateLog(f *faults) {
	f.need(c.NATS.Replicas >= 1 && c.NATS.Replicas <= 5, "nats.replicas is not 1 to 5")
	f.need(c.NATS.StoreLimitMiB > 0, "nats.store_limit_mib is not positive")
	f.need(c.NATS.Dedupe >= time.Minute, "nats.dedupe is under a minute: a repeat could be stored twice")
	f.need(c.NATS.MaxAge >= 0, "nats.max_age is negative")
	f.need(!strings.Contains(c.NATS.URL, "@"), "nats.url holds a user or password: these stand in nats.user and the file of nats.password_file")
	f.address("nats.listen", c.NATS.Listen)
	f.need(c.NATS.URL != "" || loopback(c.NATS.Listen) || c.NATS.ClientPassFile != "",
		"nats.listen is reachable from outside and nats.client_password_file is not set")
}

func (c *Config) validateHTTP(f *faults) {
	f.address("http.listen", c.HTTP.Listen)
	f.address("admin.listen", c.Admin.Listen)
	f.pair("http", c.HTTP.CertFile, c.HTTP.KeyFile)
	switch c.Auth.Mode {
	case "none":
		f.need(loopback(c.HTTP.Listen), "auth.mode none is for loopback only, and http.listen is not")
	case "token":
		f.need(c.Auth.TokensFile != "", "auth.mode token needs auth.tokens_file")
	default:
		f.need(false, "auth.mode is not none or token")
	}
}

func (c *Config) validateSIP(f *faults) {
	f.addresses("sip.udp", c.SIP.UDP)
	f.addresses("sip.tcp", c.SIP.TCP)
	f.addresses("sip.tls", c.SIP.TLS)
	f.pair("sip", c.SIP.CertFile, c.SIP.KeyFile)
	f.need(len(c.SIP.UDP)+len(c.SIP.TCP)+len(c.SIP.TLS) > 0, "sip listens nowhere")
	f.need(len(c.SIP.TLS) == 0 || c.SIP.CertFile != "", "sip.tls needs sip.cert_file")
}

func (c *Config) validateMSRP(f *faults) {
	f.address("msrp.tcp", c.MSRP.TCP)
	f.address("msrp.tls", c.MSRP.TLS)
	f.need(c.MSRP.TCP != "" || c.MSRP.TLS != "", "msrp listens nowhere")
	f.need(c.MSRP.TLS == "" || c.SIP.CertFile != "", "msrp.tls needs sip.cert_file")
	f.need(c.MSRP.MaxMessageBytes >= 1000 && c.MSRP.MaxMessageBytes <= 256<<10, "msrp.max_message_bytes is not 1,000 to 262,144")
	f.need(c.MSRP.MaxConnections > 0 && c.MSRP.MaxPerSource > 0, "msrp connection limits must be positive")
	f.need(c.MSRP.ResponseTimeout > 0 && c.MSRP.ProbationTimeout > 0, "msrp time limits must be positive")
}

func (c *Config) validatePSAPs(f *faults) {
	f.need(len(c.PSAPs) > 0, "psaps is empty: there is nobody to answer")
	seen, subject := map[string]bool{}, map[string]string{}
	for i, p := range c.PSAPs {
		f.need(p.ID != "", "psaps[%d].id is empty", i)
		f.need(!seen[p.ID], "psaps[%d].id %q stands twice", i, p.ID)
		f.need(p.Queue != "", "psaps[%d].queue is empty", i)
		f.need(p.Capacity > 0, "psaps[%d].capacity is not positive", i)
		f.need(p.Lease >= 5*time.Second, "psaps[%d].lease is under 5 s", i)
		f.need(p.IdleWarning > 0 && p.IdleClose > 0 && p.BrokenFor > 0, "psaps[%d] has a time that is not positive", i)
		other, taken := subject[strings.ReplaceAll(p.ID, ".", "-")]
		f.need(!taken || other == p.ID, "psaps[%d].id %q and %q would have the same NATS subjects", i, p.ID, other)
		seen[p.ID] = true
		subject[strings.ReplaceAll(p.ID, ".", "-")] = p.ID
	}
	for i, t := range c.Trunks {
		f.need(t.PSAP == "" || seen[t.PSAP], "trunks[%d].psap %q is not one of psaps", i, t.PSAP)
		for _, p := range t.Queues {
			f.need(seen[p], "trunks[%d].queues names %q, which is not one of psaps", i, p)
		}
	}
}

func (c *Config) validateTrunks(f *faults) {
	seen := map[string]bool{}
	for i, t := range c.Trunks {
		f.need(t.Name != "", "trunks[%d].name is empty", i)
		f.need(!seen[t.Name], "trunks[%d].name %q stands twice", i, t.Name)
		f.need(len(t.Addresses)+len(t.Hosts)+len(t.Certificates) > 0, "trunks[%d]: no address, host or certificate name to know the peer by", i)
		f.need(t.PSAP != "" || len(t.Queues) > 0, "trunks[%d]: its calls go nowhere (psap or queues)", i)
		f.need(t.Answer == "claim" || t.Answer == "immediate", "trunks[%d].answer is not claim or immediate", i)
		f.need(t.Capacity >= 0, "trunks[%d].capacity is negative", i)
		for _, a := range t.Addresses {
			_, errA := netip.ParseAddr(a)
			_, errP := netip.ParsePrefix(a)
			f.need(errA == nil || errP == nil, "trunks[%d].addresses: %q is neither address nor prefix", i, a)
		}
		seen[t.Name] = true
	}
}

// loopback reports whether only this machine reaches an address; an empty one is nobody's.
func loopback(address string) bool {
	if address == "" {
		return true
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
