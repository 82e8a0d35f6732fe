package esrp

import (
	"errors"

	"text911/callmodel"
)

// ErrNoQueue is Route's refusal: the addressed queue is none of ours (SIP 404).
var ErrNoQueue = errors.New("queue is unknown")

// Router finds the PSAP and the queue of a call.
type Router struct {
	trunks *Trunks
	queues map[callmodel.TrunkID]map[string]callmodel.PSAPID
	lists  map[callmodel.PSAPID]callmodel.QueueID
}

// Router makes the router that belongs to these trunks.
func (t *Trunks) Router() *Router {
	r := &Router{trunks: t, queues: map[callmodel.TrunkID]map[string]callmodel.PSAPID{},
		lists: map[callmodel.PSAPID]callmodel.QueueID{}}
	for _, p := range t.cfg.PSAPs {
		r.lists[p.ID] = p.Queue
	}
	for _, c := range t.cfg.Trunks {
		table := map[string]callmodel.PSAPID{}
		for uri, psap := range c.Queues {
			key, _ := queueKey(uri) // Validate has seen it
			table[key] = psap
		}
		r.queues[c.ID] = table
	}
	return r
}

// Route tells where a call of a trunk goes. queue is the URI of the top Route, empty without one;
// request is the Request-URI. The Route counts first (NENA-STA-010.3 §4.2.2.2), then the
// Request-URI, then the trunk's own PSAP.
func (r *Router) Route(id callmodel.TrunkID, queue, request string) (callmodel.PSAPID, callmodel.QueueID, error) {
	tr := r.trunks.byID[id]
	if tr == nil {
		return "", "", ErrUnknownPeer
	}
	for _, uri := range []string{queue, request} {
		if key, ok := queueKey(uri); ok {
			if psap, ok := r.queues[id][key]; ok {
				return psap, r.lists[psap], nil
			}
		}
	}
	if tr.PSAP == "" {
		tr.noPath.Add(1)
		return "", "", ErrNoQueue
	}
	return tr.PSAP, r.lists[tr.PSAP], nil
}
