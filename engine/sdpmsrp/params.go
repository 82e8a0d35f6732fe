package sdpmsrp

import (
	"net/netip"

	"text911/engine/msrp"
)

// Config is what one dialog's negotiation keeps for its whole life.
type Config struct {
	// Username is the o= user name; "-" when empty.
	Username string
	// SessionID is the o= session id: random, from the caller, below 2^63.
	SessionID uint64
	// Host is the address in o=, and in c= while no stream is live. It is a
	// literal address or a name; "0.0.0.0" when empty.
	Host string
	// Options are those of reading the peer's descriptions.
	Options
	// CEMA turns the RFC 6714 extension on.
	CEMA bool
	// CEMALenient connects by path when an offer's c=/m= differ from its path
	// and it does not know the extension; some networks rewrite c= blindly.
	CEMALenient bool
	// Resolve gives the addresses of a name where CEMA must compare a name with
	// an address. Nil: they never match.
	Resolve func(name string) []netip.Addr
}

// Params describe the own side of one m=message line.
type Params struct {
	// Path is the own path; its last URI is the own session URI and its first
	// one (the own relay's, or the same) is where a peer connects. Host and port
	// are those really listening, or bound for connecting. Its scheme chooses
	// the transport protocol.
	Path msrp.Path
	// Situation is what the own side can do.
	Situation
	// AcceptTypes and AcceptWrappedTypes are the own lists; nil stands for
	// EndpointTypes and EndpointWrappedTypes.
	AcceptTypes, AcceptWrappedTypes TypeList
	// MaxSize is the largest message taken, in octets; 0 is DefaultMaxSize.
	MaxSize int64
	// Direction is what the own side wants; "" is SendRecv. In answers it is
	// narrowed to what the offer leaves room for.
	Direction Direction
	// Fingerprints are those of the own certificate. TLS without an own relay
	// needs at least one, with sha-256 (RFC 8122 §5).
	Fingerprints Fingerprints
	// Label is a=label; the number of the m= line when empty.
	Label string
	// SendLanguages and ReceiveLanguages are the language tags; "en" when nil.
	// Every media section carries them (NENA-STA-010 §4.6.2).
	SendLanguages, ReceiveLanguages []string
	// File is set in an own offer of a file transfer. In answers it only says,
	// by being set, that a file offered on this line is wanted.
	File *File
	// WithoutCEMA leaves the extension out of this line's offer, as Stream.Reoffer
	// asks for.
	WithoutCEMA bool
	// ChatRoom, when not nil, is the own a=chatroom value (RFC 7701 §8).
	ChatRoom *string
}

func (p *Params) secure() bool { return len(p.Path) > 0 && p.Path[0].Secure }

// media is the own media description before roles and direction are settled.
func (p *Params) media() *Media {
	m := &Media{
		Transport: TCP, Path: p.Path, Port: int(p.Path[0].Port), Host: p.Path[0].Host,
		AcceptTypes: p.AcceptTypes, AcceptWrappedTypes: p.AcceptWrappedTypes,
		MaxSize: p.MaxSize, Direction: p.Direction, Label: p.Label,
		SendLanguages: p.SendLanguages, ReceiveLanguages: p.ReceiveLanguages,
	}
	if p.secure() {
		m.Transport, m.Fingerprints = TLS, p.Fingerprints
	}
	if m.AcceptTypes == nil {
		m.AcceptTypes = EndpointTypes()
	}
	if m.AcceptWrappedTypes == nil {
		m.AcceptWrappedTypes = EndpointWrappedTypes()
	}
	if m.MaxSize == 0 {
		m.MaxSize = DefaultMaxSize
	}
	if m.Direction == "" {
		m.Direction = SendRecv
	}
	if p.ChatRoom != nil {
		m.ChatRoom, m.HasChatRoom = *p.ChatRoom, true
	}
	return m
}

// check refuses own parameters that would make a description nobody can use.
func (p *Params) check() error {
	if len(p.Path) == 0 {
		return errNoPath
	}
	for _, u := range p.Path {
		if u.Port == 0 {
			return errNoPort
		}
	}
	if p.secure() && !p.Relay && len(p.Fingerprints) == 0 {
		return errNoFingerprint
	}
	return nil
}
