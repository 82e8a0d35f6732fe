package sdpmsrp

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// ErrNoOffer is returned when an answer arrives that no offer is waiting for.
var ErrNoOffer = errors.New("sdp answer without an offer")

// Negotiation is the SDP side of one dialog: it makes offers and answers whose
// o= versions and m= slots follow RFC 3264 §8, and reads the peer's. Use from
// one goroutine at a time.
type Negotiation struct {
	cfg     Config
	origin  origin
	version uint64
	local   []byte
	slots   []ownSlot
	remote  *Description

	offered       []ownSlot // an own offer under way
	offeredSDP    []byte
	offeredParams []*Params // by slot
}

// New starts the negotiation of one dialog.
func New(cfg Config) *Negotiation {
	n := &Negotiation{cfg: cfg, origin: origin{cfg.Username, cfg.Host, cfg.SessionID}}
	if n.origin.username == "" {
		n.origin.username = "-"
	}
	if n.origin.host == "" {
		n.origin.host = "0.0.0.0"
	}
	return n
}

// Restore continues the negotiation of a dialog whose last own and last peer
// descriptions were kept: o= and slots go on from there. remote may be nil.
func Restore(cfg Config, local, remote []byte) (*Negotiation, error) {
	n := New(cfg)
	own, err := Parse(local, Options{})
	if err != nil {
		return nil, err
	}
	f := strings.Fields(own.Origin)
	if len(f) != 6 {
		return nil, refuse(warnMiscellaneous, "own origin unreadable")
	}
	n.origin.username, n.origin.host = f[0], f[5]
	if n.origin.sessionID, err = strconv.ParseUint(f[1], 10, 64); err != nil {
		return nil, refuse(warnMiscellaneous, "own origin unreadable")
	}
	if n.version, err = strconv.ParseUint(f[2], 10, 64); err != nil {
		return nil, refuse(warnMiscellaneous, "own origin unreadable")
	}
	n.local = own.Original
	for i := range own.Sections {
		s := &own.Sections[i]
		slot := refusedSlot(s, &Params{})
		if s.Media != nil && s.Fault == nil && s.Media.Live() {
			slot.live = s.Media
		}
		n.slots = append(n.slots, slot)
	}
	if remote != nil {
		if n.remote, err = Parse(remote, cfg.Options); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// Local is the own description last in force, nil before the first.
func (n *Negotiation) Local() []byte { return n.local }

// Remote is the peer's description last in force, nil before the first.
func (n *Negotiation) Remote() *Description { return n.remote }

// Offer makes an offer with one m=message line for each of lines, in order.
// Live lines of earlier exchanges keep their slot; the first of lines stands for
// the first live slot. Slots without a line end with port 0. An offer that
// changes nothing has the octets of the last description.
func (n *Negotiation) Offer(lines ...Params) ([]byte, error) {
	slots := append([]ownSlot(nil), n.slots...)
	params := make([]*Params, len(slots))
	next := 0
	for i := range slots {
		if slots[i].live == nil {
			continue
		}
		if next == len(lines) {
			slots[i].live = nil
			continue
		}
		params[i] = &lines[next]
		next++
	}
	for ; next < len(lines); next++ {
		slots, params = append(slots, ownSlot{}), append(params, &lines[next])
	}
	for i, p := range params {
		if p == nil {
			continue
		}
		if err := p.check(); err != nil {
			return nil, err
		}
		m := p.media()
		m.Setup, m.CEMA, m.File = offerSetup(p.Situation), n.cfg.CEMA && !p.WithoutCEMA, p.File
		slots[i] = newSlot(i, p, m)
	}
	text, err := n.render(slots)
	if err != nil {
		return nil, err
	}
	n.offered, n.offeredSDP, n.offeredParams = slots, text, params
	return text, nil
}

// Withdraw forgets an offer that was refused: what was in force stays so, and
// the next description has a version the peer has not seen.
func (n *Negotiation) Withdraw() {
	if n.offered != nil && string(n.offeredSDP) != string(n.local) {
		n.version++
	}
	n.offered, n.offeredSDP, n.offeredParams = nil, nil, nil
}

// Fork copies the negotiation for another early dialog of the same INVITE: each
// fork answers the own offer for itself (RFC 4975 §8.8). The offered session URI
// binds once only, whichever fork's peer comes first.
func (n *Negotiation) Fork() *Negotiation {
	fork := *n
	fork.slots = slices.Clone(n.slots)
	fork.offered = slices.Clone(n.offered)
	return &fork
}

// Capabilities describes what the own side could do, for answers to OPTIONS: the
// lists, but port 0 and no path (RFC 3264 §9). A line with File set says so by a
// bare a=file-selector (RFC 5547 §8.5).
func Capabilities(cfg Config, lines ...Params) ([]byte, error) {
	n := New(cfg)
	var slots []ownSlot
	for i := range lines {
		p := &lines[i]
		if err := p.check(); err != nil {
			return nil, err
		}
		m := p.media()
		s := ownSlot{media: "message", protocol: string(m.Transport), formats: []string{"*"}, capable: m, files: p.File != nil}
		s.describe(i, p)
		slots = append(slots, s)
	}
	return build(n.origin, 1, slots)
}

// render gives the last own description when nothing changed, else a new one
// with the next version (RFC 3264 §8).
func (n *Negotiation) render(slots []ownSlot) ([]byte, error) {
	if n.local != nil {
		same, err := build(n.origin, n.localVersion(), slots)
		if err != nil {
			return nil, err
		}
		if string(same) == string(n.local) {
			return n.local, nil
		}
	}
	return build(n.origin, n.version+1, slots)
}

// localVersion is the version of the description in force; a withdrawn offer
// may have used up later ones.
func (n *Negotiation) localVersion() uint64 {
	text, _, _ := strings.Cut(strings.TrimPrefix(string(n.local), "v=0\r\no="), "\r\n")
	f := strings.Fields(text)
	if len(f) < 3 {
		return 0
	}
	v, err := strconv.ParseUint(f[2], 10, 64)
	if err != nil {
		return 0
	}
	return v
}

// adopt puts an own description in force.
func (n *Negotiation) adopt(text []byte, slots []ownSlot) {
	if string(text) != string(n.local) {
		n.version++
	}
	n.local, n.slots = text, slots
	n.offered, n.offeredSDP, n.offeredParams = nil, nil, nil
}

// newSlot is the own side of a live MSRP line in slot i.
func newSlot(i int, p *Params, m *Media) ownSlot {
	s := ownSlot{media: "message", protocol: string(m.Transport), formats: []string{"*"}, live: m}
	s.describe(i, p)
	m.Label, m.SendLanguages, m.ReceiveLanguages = s.label, s.send, s.receive
	return s
}

// describe fills what every section carries, live or refused.
func (s *ownSlot) describe(i int, p *Params) {
	s.label, s.send, s.receive = p.Label, p.SendLanguages, p.ReceiveLanguages
	if s.label == "" {
		s.label = strconv.Itoa(i + 1)
	}
	if s.send == nil {
		s.send = []string{"en"}
	}
	if s.receive == nil {
		s.receive = []string{"en"}
	}
}

// refusedSlot answers a line with port 0. Its languages are those the own side
// uses elsewhere in the description.
func refusedSlot(from *Section, p *Params) ownSlot {
	var s ownSlot
	s.media, s.protocol, s.formats = from.slot.refused()
	s.describe(from.Index, &Params{SendLanguages: p.SendLanguages, ReceiveLanguages: p.ReceiveLanguages})
	if from.Media != nil && from.Media.File != nil {
		s.mirrored = from.Media.File.refusal()
	}
	return s
}
