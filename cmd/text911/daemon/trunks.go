package daemon

import (
	"net/netip"

	"text911/callmodel"
	"text911/callmodel/firstparty"
	"text911/cmd/text911/config"
	"text911/engine"
	"text911/esrp"
)

func trunks(cfg config.Config) (*esrp.Trunks, error) {
	var ec esrp.Config
	for _, p := range cfg.PSAPs {
		ec.PSAPs = append(ec.PSAPs, esrp.PSAP{ID: callmodel.PSAPID(p.ID), Queue: callmodel.QueueID(p.Queue), Capacity: p.Capacity})
	}
	for _, t := range cfg.Trunks {
		queues := map[string]callmodel.PSAPID{}
		for uri, psap := range t.Queues {
			queues[uri] = callmodel.PSAPID(psap)
		}
		ec.Trunks = append(ec.Trunks, esrp.Trunk{
			ID: callmodel.TrunkID(t.Name), Addresses: t.Addresses, Hosts: t.Hosts, Certificates: t.Certificates,
			PSAP: callmodel.PSAPID(t.PSAP), Queues: queues, Answer: esrp.AnswerPolicy(t.Answer),
			Capacity: t.Capacity, RequireTLS: t.RequireTLS, Test: t.Test,
		})
	}
	return esrp.New(ec)
}

// trusted are the addresses of all trunks: their MSRP connections carry many texters and are not
// limited by source.
func trusted(cfg config.Config) (out []netip.Prefix) {
	for _, t := range cfg.Trunks {
		for _, a := range t.Addresses {
			if p, err := netip.ParsePrefix(a); err == nil {
				out = append(out, p)
			} else if addr, err := netip.ParseAddr(a); err == nil {
				out = append(out, netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()))
			}
		}
	}
	return out
}

func psapRules(cfg config.Config) (out []engine.PSAP) {
	for _, p := range cfg.PSAPs {
		out = append(out, engine.PSAP{ID: callmodel.PSAPID(p.ID), FirstParty: firstparty.Config{
			IdleWarning: p.IdleWarning, IdleClose: p.IdleClose, MendWait: p.BrokenFor, Lease: p.Lease,
			MaxContent: int(cfg.MSRP.MaxMessageBytes),
		}})
	}
	return out
}
