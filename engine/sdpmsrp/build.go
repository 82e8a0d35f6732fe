package sdpmsrp

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

var (
	errNoPath        = errors.New("own path is empty")
	errNoPort        = errors.New("own path has a URI without a port")
	errNoFingerprint = errors.New("own TLS stream has no fingerprint")
	errLineBreak     = errors.New("own parameter holds a line break")
)

// ownSlot is the own side of one m= line: a live stream, or a refusal that
// repeats the other side's media, protocol and formats.
type ownSlot struct {
	media, protocol string
	formats         []string
	live            *Media // nil: port 0
	mirrored        *File  // the file a refusal names
	capable         *Media // port 0, but what it could do is said
	files           bool   // with capable: file transfer too
	label           string
	send, receive   []string
}

// origin is the o= line's parts that stay the same through a dialog.
type origin struct {
	username, host string
	sessionID      uint64
}

func addressType(host string) string {
	if a, err := netip.ParseAddr(host); err == nil && a.Is6() && !a.Is4In6() {
		return "IP6"
	}
	return "IP4"
}

func connection(host string) *sdp.ConnectionInformation {
	return &sdp.ConnectionInformation{NetworkType: "IN", AddressType: addressType(host),
		Address: &sdp.Address{Address: host}}
}

// build renders a description. The session's c= is that of the first live
// stream; a stream elsewhere has its own (RFC 4975 §8.1).
func build(o origin, version uint64, slots []ownSlot) ([]byte, error) {
	d := sdp.SessionDescription{
		Origin: sdp.Origin{Username: o.username, SessionID: o.sessionID, SessionVersion: version,
			NetworkType: "IN", AddressType: addressType(o.host), UnicastAddress: o.host},
		SessionName:      "-",
		TimeDescriptions: []sdp.TimeDescription{{}},
	}
	common := o.host
	for _, s := range slots {
		if s.live != nil {
			common = s.live.Host
			break
		}
	}
	d.ConnectionInformation = connection(common)
	for _, s := range slots {
		section := s.section()
		if s.live != nil && s.live.Host != common {
			section.ConnectionInformation = connection(s.live.Host)
		}
		d.MediaDescriptions = append(d.MediaDescriptions, section)
	}
	out, err := d.Marshal()
	if err != nil {
		return nil, err
	}
	return out, checkLines(out, &d)
}

// checkLines makes header injection through an own parameter impossible: the
// text must have exactly the lines that were put into it.
func checkLines(out []byte, d *sdp.SessionDescription) error {
	lines := 5
	for _, m := range d.MediaDescriptions {
		lines += 1 + len(m.Attributes)
		if m.ConnectionInformation != nil {
			lines++
		}
	}
	text := string(out)
	if strings.Count(text, "\n") != lines || strings.Count(text, "\r") != lines || strings.Contains(text, "\x00") {
		return errLineBreak
	}
	return nil
}

func (s *ownSlot) section() *sdp.MediaDescription {
	m := &sdp.MediaDescription{MediaName: sdp.MediaName{
		Media: s.media, Protos: []string{s.protocol}, Formats: s.formats}}
	for _, a := range s.attributes() {
		m.Attributes = append(m.Attributes, sdp.Attribute{Key: a.name, Value: a.value})
	}
	if s.live != nil {
		m.MediaName = sdp.MediaName{Media: "message", Port: sdp.RangedPort{Value: s.live.Port},
			Protos: []string{string(s.live.Transport)}, Formats: []string{"*"}}
	}
	return m
}

// attributes come in a fixed order, so that nothing changed means the same octets.
func (s *ownSlot) attributes() []attribute {
	var out []attribute
	add := func(name, value string) { out = append(out, attribute{name, value}) }
	if m := s.live; m != nil {
		add("setup", string(m.Setup))
		add("path", wirePath(m.Path))
		out = append(out, m.lists()...)
		if m.Direction != SendRecv {
			add(string(m.Direction), "")
		}
		for _, f := range m.Fingerprints {
			add("fingerprint", f.String())
		}
		if m.CEMA {
			add("msrp-cema", "")
		}
		if m.HasChatRoom {
			add("chatroom", m.ChatRoom)
		}
		if m.File != nil {
			out = append(out, m.File.attributes()...)
		}
	} else if s.capable != nil {
		out = append(out, s.capable.lists()...)
		if s.files {
			add("file-selector", "")
		}
	} else if s.mirrored != nil {
		out = append(out, s.mirrored.attributes()...)
	}
	add("hlang-send", strings.Join(s.send, " "))
	add("hlang-recv", strings.Join(s.receive, " "))
	add("label", s.label)
	return out
}

// lists are the attributes that say what is taken.
func (m *Media) lists() []attribute {
	out := []attribute{{"accept-types", m.AcceptTypes.String()}}
	if len(m.AcceptWrappedTypes) > 0 {
		out = append(out, attribute{"accept-wrapped-types", m.AcceptWrappedTypes.String()})
	}
	return append(out, attribute{"max-size", strconv.FormatInt(m.MaxSize, 10)})
}
