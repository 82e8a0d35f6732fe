package sdpmsrp

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"

	"text911/engine/msrp"
)

// Transport is the protocol token of an MSRP m= line (RFC 4975 §8.1).
type Transport string

// The two transports of MSRP over a byte stream.
const (
	TCP Transport = "TCP/MSRP"
	TLS Transport = "TCP/TLS/MSRP"
)

// maxUsefulSize is the largest a=max-size taken seriously.
const maxUsefulSize = 1 << 40

// Media is one MSRP media description, of either side.
type Media struct {
	Transport Transport
	// Port is the m= port; 0 is a refused or ended stream.
	Port int
	// Host is the address of c=, the media level before the session level. It
	// is used for connecting only under CEMA.
	Host string
	// Path is a=path: connect to its leftmost URI, address requests with all of
	// it; the rightmost URI is the session.
	Path msrp.Path
	// AcceptTypes and AcceptWrappedTypes are what its describer takes.
	AcceptTypes, AcceptWrappedTypes TypeList
	// Setup is a=setup after RFC 6135: holdconn and unknown values are absent.
	Setup Setup
	// MaxSize is a=max-size in octets; 0 when absent or unusable.
	MaxSize int64
	// Direction is never empty.
	Direction Direction
	// Fingerprints are those of the strongest accepted hash function.
	Fingerprints Fingerprints
	// Label is a=label (RFC 4574), by which log events name the stream.
	Label string
	// SendLanguages and ReceiveLanguages are a=hlang-send and a=hlang-recv in
	// order of preference (RFC 8373), a trailing * included.
	SendLanguages, ReceiveLanguages []string
	// CEMA is true when a=msrp-cema is present (RFC 6714).
	CEMA bool
	// ChatRoom is the a=chatroom value (RFC 7701 §8); HasChatRoom tells an
	// empty one from none.
	ChatRoom    string
	HasChatRoom bool
	// File is set when the line carries a file transfer (RFC 5547).
	File *File
	// OnHold is true when c= is 0.0.0.0 or :: (the old way to hold a stream).
	OnHold bool
}

// Live reports whether the stream exists, that is, its port is not 0.
func (m *Media) Live() bool { return m.Port != 0 }

// Secure reports whether the stream runs over TLS.
func (m *Media) Secure() bool { return m.Transport == TLS }

// attribute is one a= line to be written; an empty value writes the bare name.
type attribute struct{ name, value string }

// attributes reads a list of a= lines: the first of each name counts, values
// are trimmed.
type attributes struct {
	list   []sdp.Attribute
	quirks *Quirks
}

func (a attributes) get(name string) (string, bool) {
	for _, at := range a.list {
		if at.Key == name {
			v := strings.TrimSpace(at.Value)
			if v != at.Value {
				a.quirks.add(QuirkAttributeSpace)
			}
			return v, true
		}
	}
	return "", false
}

func (a attributes) all(name string) []string {
	var out []string
	for _, at := range a.list {
		if at.Key == name {
			out = append(out, strings.TrimSpace(at.Value))
		}
	}
	return out
}

// reader reads one MSRP m= section.
type reader struct {
	strict, allowSHA1 bool
	session           *sdp.SessionDescription
	section           *sdp.MediaDescription
	block             *block
	slot              slot
	quirks            *Quirks
	media, common     attributes
}

// fault points at the attribute's line, or at the m= line when it is absent.
func (r *reader) fault(e *Error, name string) *Error {
	for _, l := range r.block.all('a') {
		if key, _, _ := strings.Cut(l.value(), ":"); key == name {
			return e.at(l)
		}
	}
	return e.at(r.slot.line)
}

// read gives the description, and an *Error when its stream cannot be used. The
// description is complete as far as it could be read even then.
func (r *reader) read() (*Media, *Error) {
	r.media = attributes{r.section.Attributes, r.quirks}
	r.common = attributes{r.session.Attributes, r.quirks}
	m := &Media{
		Transport: Transport(r.slot.protocol),
		Port:      r.section.MediaName.Port.Value,
		Host:      r.host(),
		Setup:     r.setup(),
		Direction: r.direction(),
	}
	m.Label, _ = r.media.get("label")
	m.SendLanguages = r.languages("hlang-send")
	m.ReceiveLanguages = r.languages("hlang-recv")
	_, m.CEMA = r.media.get("msrp-cema")
	m.ChatRoom, m.HasChatRoom = r.media.get("chatroom")
	m.MaxSize = r.maxSize()
	m.File = r.file()
	if hostUnspecified(m.Host) {
		m.OnHold, m.Direction = true, Inactive
	}
	if !m.Live() {
		if r.slot.port != "0" {
			return m, refuse(warnIncompatibleProtocol, "port unreadable").at(r.slot.line)
		}
		return m, nil
	}
	for _, step := range []func(*Media) *Error{r.types, r.fingerprints, r.path} {
		if err := step(m); err != nil {
			return m, err
		}
	}
	return m, nil
}

func (r *reader) host() string {
	for _, c := range []*sdp.ConnectionInformation{r.section.ConnectionInformation, r.session.ConnectionInformation} {
		if c != nil && c.Address != nil {
			host, _, _ := strings.Cut(c.Address.Address, "/")
			return host
		}
	}
	return ""
}

// setup: the media level beats the session level (RFC 4145 §4).
func (r *reader) setup() Setup {
	if _, ok := r.media.get("connection"); ok {
		r.quirks.add(QuirkConnectionAttr)
	}
	values := r.media.all("setup")
	if len(values) == 0 {
		values = r.common.all("setup")
	}
	if len(values) == 0 {
		return SetupAbsent
	}
	s, ok := parseSetup(values[0])
	if !ok || len(values) > 1 {
		r.quirks.add(QuirkSetup)
		return SetupAbsent
	}
	return s
}

func (r *reader) direction() Direction {
	for _, level := range []attributes{r.media, r.common} {
		for _, a := range level.list {
			if isDirection(a.Key) {
				return Direction(a.Key)
			}
		}
	}
	return SendRecv
}

func (r *reader) languages(name string) []string {
	v, _ := r.media.get(name)
	return strings.Fields(v)
}

func (r *reader) maxSize() int64 {
	v, ok := r.media.get("max-size")
	if !ok {
		return 0
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n <= 0 || n > maxUsefulSize {
		r.quirks.add(QuirkMaxSize)
		return 0
	}
	return n
}

func (r *reader) file() *File {
	selector, ok := r.media.get("file-selector")
	if !ok {
		return nil
	}
	f := &File{Selector: selector}
	f.TransferID, _ = r.media.get("file-transfer-id")
	f.Disposition, _ = r.media.get("file-disposition")
	f.Date, _ = r.media.get("file-date")
	f.Icon, _ = r.media.get("file-icon")
	f.Range, _ = r.media.get("file-range")
	return f
}

// types: without accept-types the stream is refused strictly, and taken for
// plain text otherwise.
func (r *reader) types(m *Media) *Error {
	value, ok := r.media.get("accept-types")
	if !ok {
		value, ok = r.common.get("accept-types")
	}
	odd := 0
	m.AcceptTypes, odd = parseTypes(value)
	if odd > 0 || !ok {
		r.quirks.add(QuirkAcceptTypes)
	}
	if len(m.AcceptTypes) == 0 {
		if r.strict {
			return r.fault(refuse(warnAttributeNotUnderstood, "accept-types missing"), "accept-types")
		}
		m.AcceptTypes = TypeList{"text/plain"}
	}
	wrapped, _ := r.media.get("accept-wrapped-types")
	if m.AcceptWrappedTypes, odd = parseTypes(wrapped); odd > 0 {
		r.quirks.add(QuirkAcceptTypes)
	}
	return nil
}

// fingerprints: the media level beats the session level (RFC 8122 §5).
func (r *reader) fingerprints(m *Media) *Error {
	values := r.media.all("fingerprint")
	if len(values) == 0 {
		values = r.common.all("fingerprint")
	}
	var all Fingerprints
	for _, v := range values {
		f, lower, ok := parseFingerprint(v)
		if !ok {
			return r.fault(refuse(warnAttributeNotUnderstood, "fingerprint malformed"), "fingerprint")
		}
		if lower {
			r.quirks.add(QuirkFingerprint)
		}
		all = append(all, f)
	}
	m.Fingerprints = all.strongest(r.allowSHA1)
	if m.Secure() && len(all) > 0 && len(m.Fingerprints) == 0 {
		return r.fault(refuse(warnAttributeNotUnderstood, "no acceptable fingerprint hash"), "fingerprint")
	}
	return nil
}

// path: present, readable, its next hop a transport this side speaks, and of
// the m= line's protocol (RFC 4975 §6, §8.1, §8.2).
func (r *reader) path(m *Media) *Error {
	value, ok := r.media.get("path")
	if !ok {
		return refuse(warnIncompatibleProtocol, "path missing").at(r.slot.line)
	}
	refused := func(text string) *Error {
		return r.fault(refuse(warnIncompatibleProtocol, text), "path")
	}
	path, quirk, err := readPath(value, r.strict)
	if err != nil {
		return refused("path unreadable")
	}
	if quirk {
		r.quirks.add(QuirkPath)
	}
	m.Path = path
	next := path[0]
	switch {
	case slices.ContainsFunc(path, func(u msrp.URI) bool { return u.Port == 0 }):
		return refused("path URI without a port")
	case next.Secure != m.Secure():
		return refused("path scheme and transport protocol disagree")
	case !strings.EqualFold(next.Transport, "tcp"):
		return refused("path transport not spoken here")
	case r.strict && m.Port != int(next.Port):
		return refused("path and media line name different ports")
	}
	if m.Port != int(next.Port) && m.Port != 9 {
		r.quirks.add(QuirkPort)
	}
	if hostUnspecified(next.Host) {
		m.OnHold, m.Direction = true, Inactive
	}
	return nil
}
