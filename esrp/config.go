package esrp

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"text911/callmodel"
)

// AnswerPolicy says when a call of a trunk gets its final answer.
type AnswerPolicy string

const (
	// AnswerOnClaim rings (SIP 180) until a taker has the call.
	AnswerOnClaim AnswerPolicy = "claim"
	// AnswerAtOnce answers (SIP 200) as soon as the call is in the log; texts queue for the takers.
	AnswerAtOnce AnswerPolicy = "immediate"
)

// Config is every trunk and every PSAP of this engine.
type Config struct {
	Trunks []Trunk
	PSAPs  []PSAP
	// Resolve looks up a peer's host name; needed only when a trunk lists Hosts. Nil: the system's
	// resolver.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
	// Refresh is how often Hosts are looked up again; 0: 5 minutes.
	Refresh time.Duration
}

// Trunk is one SIP peer, known by any one of Addresses, Hosts and Certificates.
type Trunk struct {
	ID callmodel.TrunkID
	// Addresses are IP addresses and prefixes it sends from.
	Addresses []string
	// Hosts are DNS names whose addresses it sends from.
	Hosts []string
	// Certificates are DNS names or SIP domains of its verified certificate (RFC 5922 §7.1). A
	// certificate counts before an address.
	Certificates []string
	// PSAP takes the calls that no entry of Queues names; empty: such calls are refused.
	PSAP callmodel.PSAPID
	// Queues gives the PSAP for a queue URI.
	Queues map[string]callmodel.PSAPID
	// Answer is when calls get the final answer; empty: AnswerOnClaim.
	Answer AnswerPolicy
	// Capacity is the most open calls of this trunk; 0: no limit of its own.
	Capacity int
	// RequireTLS refuses MSRP without TLS.
	RequireTLS bool
	// Test marks all its calls as test calls.
	Test bool
}

// PSAP is where calls can go.
type PSAP struct {
	ID       callmodel.PSAPID
	Queue    callmodel.QueueID
	Capacity int // most open calls; 0: no limit
}

// Validate reports every fault at once.
func (c *Config) Validate() error {
	var errs []error
	psaps := map[callmodel.PSAPID]bool{}
	for i, p := range c.PSAPs {
		errs = append(errs, p.validate(i, psaps[p.ID]))
		psaps[p.ID] = true
	}
	ids := map[callmodel.TrunkID]bool{}
	for i, t := range c.Trunks {
		errs = append(errs, t.validate(i, ids[t.ID]), t.validatePeers(i), t.validateTargets(i, psaps))
		ids[t.ID] = true
	}
	if c.Refresh < 0 {
		errs = append(errs, errors.New("refresh is negative"))
	}
	errs = append(errs, c.validateOverlap())
	return errors.Join(errs...)
}

func (p *PSAP) validate(i int, twice bool) error {
	var errs []error
	if p.ID == "" {
		errs = append(errs, fmt.Errorf("psap %d: no id", i))
	}
	if twice {
		errs = append(errs, fmt.Errorf("psap %d: %q stands twice", i, p.ID))
	}
	if p.Queue == "" {
		errs = append(errs, fmt.Errorf("psap %d: no queue", i))
	}
	if p.Capacity < 0 {
		errs = append(errs, fmt.Errorf("psap %d: capacity is negative", i))
	}
	return errors.Join(errs...)
}

func (t *Trunk) validate(i int, twice bool) error {
	var errs []error
	if t.ID == "" {
		errs = append(errs, fmt.Errorf("trunk %d: no name", i))
	}
	if twice {
		errs = append(errs, fmt.Errorf("trunk %d: %q stands twice", i, t.ID))
	}
	switch t.Answer {
	case "", AnswerOnClaim, AnswerAtOnce:
	default:
		errs = append(errs, fmt.Errorf("trunk %d: answer %q is neither claim nor immediate", i, t.Answer))
	}
	if t.Capacity < 0 {
		errs = append(errs, fmt.Errorf("trunk %d: capacity is negative", i))
	}
	return errors.Join(errs...)
}

func (t *Trunk) validatePeers(i int) error {
	var errs []error
	if len(t.Addresses)+len(t.Hosts)+len(t.Certificates) == 0 {
		errs = append(errs, fmt.Errorf("trunk %d: nothing to know the peer by", i))
	}
	for _, a := range t.Addresses {
		if _, err := parsePrefix(a); err != nil {
			errs = append(errs, fmt.Errorf("trunk %d: %q is neither address nor prefix", i, a))
		}
	}
	for _, name := range append(append([]string(nil), t.Hosts...), t.Certificates...) {
		if name == "" || strings.ContainsAny(name, " /*@") {
			errs = append(errs, fmt.Errorf("trunk %d: %q is no host name", i, name))
		}
	}
	return errors.Join(errs...)
}

func (t *Trunk) validateTargets(i int, psaps map[callmodel.PSAPID]bool) error {
	var errs []error
	if t.PSAP == "" && len(t.Queues) == 0 {
		errs = append(errs, fmt.Errorf("trunk %d: its calls go nowhere", i))
	}
	if t.PSAP != "" && !psaps[t.PSAP] {
		errs = append(errs, fmt.Errorf("trunk %d: psap %q is unknown", i, t.PSAP))
	}
	seen := map[string]bool{}
	for uri, psap := range t.Queues {
		key, ok := queueKey(uri)
		if !ok {
			errs = append(errs, fmt.Errorf("trunk %d: queue %q is no sip or urn URI", i, uri))
		}
		if seen[key] {
			errs = append(errs, fmt.Errorf("trunk %d: queue %q stands twice in different spellings", i, uri))
		}
		seen[key] = true
		if !psaps[psap] {
			errs = append(errs, fmt.Errorf("trunk %d: queue %q goes to unknown psap %q", i, uri, psap))
		}
	}
	return errors.Join(errs...)
}

// validateOverlap finds peers that would be two trunks at once.
func (c *Config) validateOverlap() error {
	var errs []error
	peers := map[string]int{}
	for i := range c.Trunks {
		for _, key := range c.Trunks[i].peerKeys() {
			if first, taken := peers[key]; taken && first != i {
				errs = append(errs, fmt.Errorf("trunk %d: %s already names trunk %d", i, key, first))
			}
			peers[key] = i
		}
	}
	return errors.Join(errs...)
}

func (t *Trunk) peerKeys() (keys []string) {
	for _, a := range t.Addresses {
		if p, err := parsePrefix(a); err == nil {
			keys = append(keys, "address "+p.String())
		}
	}
	for _, h := range t.Hosts {
		keys = append(keys, "host "+strings.ToLower(h))
	}
	for _, n := range t.Certificates {
		keys = append(keys, "certificate "+strings.ToLower(n))
	}
	return keys
}

// parsePrefix reads an address as the prefix that holds only it.
func parsePrefix(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		a = a.Unmap().WithZone("")
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, err
	}
	if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 { // peers are compared as IPv4
		p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
	}
	return p.Masked(), nil
}
