package leg

import (
	"encoding/json"

	"text911/callmodel"
	"text911/engine/sipua"
)

// resume is what a leg needs to be mended in the next life of this process, or on another node: the
// SIP dialog and what both sides said last. It is personal data and goes to the log of events only.
type resume struct {
	Dialog sipua.State       `json:"dialog"`
	Remote []byte            `json:"remote,omitempty"` // the far side's session description
	Trunk  callmodel.TrunkID `json:"trunk"`
	PSAP   callmodel.PSAPID  `json:"psap"`
	Secure bool              `json:"secure,omitempty"`
}

// resume is called without mu, because the user agent is asked. It gives nil before the answer: such
// a leg cannot be mended.
func (l *leg) resume() []byte {
	l.mu.Lock()
	d, r := l.dialog, resume{Trunk: l.trunk, PSAP: l.psap, Secure: l.secure}
	local := l.sdp.Local()
	if remote := l.sdp.Remote(); remote != nil {
		r.Remote = remote.Original
	}
	l.mu.Unlock()
	if d == nil {
		return nil
	}
	r.Dialog = d.State()
	if local != nil {
		r.Dialog.SDP = local
	}
	b, err := json.Marshal(r)
	if err != nil {
		l.gw.cfg.Logger.Error("dialog state not encoded", "leg", string(l.id), "error", err)
		return nil
	}
	return b
}

func readResume(b []byte) (resume, error) {
	var r resume
	return r, json.Unmarshal(b, &r)
}
