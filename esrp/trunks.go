package esrp

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"text911/callmodel"
)

const defaultRefresh = 5 * time.Minute

// ErrUnknownPeer is Identify's refusal.
var ErrUnknownPeer = errors.New("peer is no configured trunk")

// Trunks knows the peers and what holds for each. The zero value is not usable; see New.
type Trunks struct {
	cfg      Config
	byName   map[string]*trunk
	byID     map[callmodel.TrunkID]*trunk
	psaps    map[callmodel.PSAPID]*gauge
	fixed    []peer
	looked   atomic.Pointer[[]peer] // addresses of Hosts, replaced as a whole
	refused  atomic.Uint64
	lookups  atomic.Uint64
	failures atomic.Uint64
}

type trunk struct {
	Trunk
	open                            gauge
	identified, calls, full, noPath atomic.Uint64
}

// peer is one way to know a trunk by address; longer prefixes stand first.
type peer struct {
	prefix netip.Prefix
	trunk  *trunk
}

// New checks the configuration and looks nothing up yet.
func New(cfg Config) (*Trunks, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Resolve == nil {
		cfg.Resolve = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	if cfg.Refresh == 0 {
		cfg.Refresh = defaultRefresh
	}
	t := &Trunks{cfg: cfg, byName: map[string]*trunk{}, byID: map[callmodel.TrunkID]*trunk{},
		psaps: map[callmodel.PSAPID]*gauge{}}
	for _, p := range cfg.PSAPs {
		t.psaps[p.ID] = &gauge{limit: int64(p.Capacity)}
	}
	for _, c := range cfg.Trunks {
		tr := &trunk{Trunk: c, open: gauge{limit: int64(c.Capacity)}}
		t.byID[c.ID] = tr
		for _, name := range c.Certificates {
			t.byName[strings.ToLower(name)] = tr
		}
		for _, a := range c.Addresses {
			prefix, _ := parsePrefix(a) // Validate has seen it
			t.fixed = append(t.fixed, peer{prefix, tr})
		}
	}
	sortPeers(t.fixed)
	t.looked.Store(&[]peer{})
	return t, nil
}

// Run looks Hosts up now and every Refresh until ctx ends. Without Hosts it only waits.
func (t *Trunks) Run(ctx context.Context) error {
	tick := time.NewTicker(t.cfg.Refresh)
	defer tick.Stop()
	for {
		t.Lookup(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Lookup looks every trunk's Hosts up once. A name that cannot be looked up keeps the addresses it
// had.
func (t *Trunks) Lookup(ctx context.Context) {
	before := *t.looked.Load()
	var after []peer
	for _, c := range t.cfg.Trunks {
		tr := t.byID[c.ID]
		found, ok := t.lookup(ctx, tr)
		if !ok {
			for _, p := range before {
				if p.trunk == tr && !slices.Contains(found, p) {
					found = append(found, p)
				}
			}
		}
		after = append(after, found...)
	}
	sortPeers(after)
	t.looked.Store(&after)
}

func (t *Trunks) lookup(ctx context.Context, tr *trunk) (found []peer, complete bool) {
	complete = true
	for _, host := range tr.Hosts {
		t.lookups.Add(1)
		addresses, err := t.cfg.Resolve(ctx, host)
		if err != nil {
			t.failures.Add(1)
			complete = false
			continue
		}
		for _, a := range addresses {
			a = a.Unmap().WithZone("")
			found = append(found, peer{netip.PrefixFrom(a, a.BitLen()), tr})
		}
	}
	return found, complete
}

// Identify names the trunk behind what is known of a peer: the address it sends from and the names
// of its verified certificate, none without one. Nobody else may talk to us: ErrUnknownPeer.
func (t *Trunks) Identify(from netip.Addr, names []string) (callmodel.TrunkID, error) {
	for _, domain := range sipDomains(names) {
		if tr := t.byName[domain]; tr != nil {
			tr.identified.Add(1)
			return tr.ID, nil
		}
	}
	from = from.Unmap().WithZone("")
	for _, list := range [][]peer{t.fixed, *t.looked.Load()} {
		for _, p := range list {
			if p.prefix.Contains(from) {
				p.trunk.identified.Add(1)
				return p.trunk.ID, nil
			}
		}
	}
	t.refused.Add(1)
	return "", ErrUnknownPeer
}

// Terms says what holds for calls of a trunk: hold rings until a taker claims, secure refuses MSRP
// without TLS, test marks them as test calls. An unknown trunk gets the strictest.
func (t *Trunks) Terms(id callmodel.TrunkID) (hold, secure, test bool) {
	tr := t.byID[id]
	if tr == nil {
		return true, true, false
	}
	return tr.Answer != AnswerAtOnce, tr.RequireTLS, tr.Test
}

func sortPeers(peers []peer) {
	slices.SortStableFunc(peers, func(a, b peer) int { return cmp.Compare(b.prefix.Bits(), a.prefix.Bits()) })
}

// sipDomains are the SIP domains a certificate stands for, in lower case: its sip URIs without a
// user part, and only without any of those its DNS names, never by wildcard (RFC 5922 §7.1, §7.2).
func sipDomains(names []string) (domains []string) {
	isURI := func(n string) bool { return strings.Contains(n, ":") }
	hasSIP := false
	for _, n := range names {
		lower := strings.ToLower(n)
		rest, ok := strings.CutPrefix(lower, "sip:")
		if !ok {
			continue
		}
		hasSIP = true
		if i := strings.IndexAny(rest, ";?"); i >= 0 {
			rest = rest[:i]
		}
		if rest != "" && !strings.Contains(rest, "@") {
			domains = append(domains, rest)
		}
	}
	if hasSIP {
		return domains
	}
	for _, n := range names {
		if !isURI(n) && !strings.Contains(n, "*") {
			domains = append(domains, strings.ToLower(n))
		}
	}
	return domains
}
