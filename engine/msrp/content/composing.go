package content

import (
	"strconv"
	"time"
)

// TypeComposing is the media type of a typing state.
const TypeComposing = "application/im-iscomposing+xml"

const nsComposing = "urn:ietf:params:xml:ns:im-iscomposing"

// Timers of RFC 3994 §3.2 and §3.3.
const (
	DefaultRefresh = 120 * time.Second // a state is believed this long
	MinRefresh     = 60 * time.Second  // shortest interval that may be announced
	MaxRefresh     = time.Hour
	IdleTimeout    = 15 * time.Second // without typing, until idle is said
)

// Composing is one typing state (RFC 3994 §6).
type Composing struct {
	Active      bool
	Refresh     time.Duration // how long it is valid; 0 means DefaultRefresh
	ContentType string        // of what is being written, if said
}

// ParseComposing reads a typing state. Unknown states mean idle (RFC 3994 §3.5); a refresh
// that makes no sense means the default. A body that cannot be read is to be ignored: it
// is no reason to bother the sender.
func ParseComposing(body []byte) (Composing, error) {
	root, err := parseXML(body, MaxComposing)
	if err != nil {
		return Composing{}, err
	}
	if root.name.Space != nsComposing || root.name.Local != "isComposing" || root.child(nsComposing, "state") == nil {
		return Composing{}, malformed("typing state")
	}
	c := Composing{
		Active:      root.childText(nsComposing, "state") == "active",
		Refresh:     DefaultRefresh,
		ContentType: root.childText(nsComposing, "contenttype"),
	}
	if s, err := strconv.ParseUint(root.childText(nsComposing, "refresh"), 10, 31); err == nil && s > 0 {
		c.Refresh = min(time.Duration(s)*time.Second, MaxRefresh)
	}
	return c, nil
}

// AppendComposing appends a typing state. A Refresh below MinRefresh is sent as that, since
// shorter ones are not allowed; zero leaves it out.
func AppendComposing(dst []byte, c Composing) []byte {
	dst = append(dst, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"+`<isComposing xmlns="`+nsComposing+`"><state>`...)
	if c.Active {
		dst = append(dst, "active"...)
	} else {
		dst = append(dst, "idle"...)
	}
	dst = append(dst, "</state>"...)
	if c.ContentType != "" {
		dst = append(appendXMLText(append(dst, "<contenttype>"...), c.ContentType), "</contenttype>"...)
	}
	if c.Refresh > 0 {
		dst = append(dst, "<refresh>"...)
		dst = strconv.AppendInt(dst, int64(max(c.Refresh, MinRefresh)/time.Second), 10)
		dst = append(dst, "</refresh>"...)
	}
	return append(dst, "</isComposing>"...)
}

// Typing follows the state of one peer (RFC 3994 §3.3). The zero value is idle.
type Typing struct{ until time.Time }

// Heard takes a typing state.
func (t *Typing) Heard(now time.Time, c Composing) {
	t.until = time.Time{}
	if c.Active {
		refresh := c.Refresh
		if refresh <= 0 {
			refresh = DefaultRefresh
		}
		t.until = now.Add(refresh)
	}
}

// Message says that the peer sent what it was writing.
func (t *Typing) Message() { t.until = time.Time{} }

// Active reports whether the peer is writing at now.
func (t *Typing) Active(now time.Time) bool { return now.Before(t.until) }

// Deadline is when the state runs out by itself.
func (t *Typing) Deadline() (time.Time, bool) { return t.until, !t.until.IsZero() }

// Typist decides when the own typing state is sent (RFC 3994 §3.2). The zero value is idle
// and announces no refresh.
type Typist struct {
	Refresh time.Duration // announced interval; 0 announces none

	active bool
	said   time.Time // last active status
	typed  time.Time // last key
}

// Typed says that a key was pressed. send tells that a state goes out now.
func (t *Typist) Typed(now time.Time) (c Composing, send bool) {
	t.typed = now
	if t.active {
		return Composing{}, false
	}
	t.active, t.said = true, now
	return Composing{Active: true, Refresh: t.Refresh}, true
}

// Sent says that the message went out: idle again, without saying so.
func (t *Typist) Sent() { t.active = false }

// Tick is to be called at Deadline.
func (t *Typist) Tick(now time.Time) (c Composing, send bool) {
	switch {
	case !t.active:
		return Composing{}, false
	case !now.Before(t.typed.Add(IdleTimeout)):
		t.active = false
		return Composing{}, true
	case t.Refresh > 0 && !now.Before(t.said.Add(t.refresh())):
		t.said = now
		return Composing{Active: true, Refresh: t.Refresh}, true
	}
	return Composing{}, false
}

// Deadline is when Tick has something to do.
func (t *Typist) Deadline() (time.Time, bool) {
	if !t.active {
		return time.Time{}, false
	}
	d := t.typed.Add(IdleTimeout)
	if t.Refresh > 0 && t.said.Add(t.refresh()).Before(d) {
		d = t.said.Add(t.refresh())
	}
	return d, true
}

func (t *Typist) refresh() time.Duration { return max(t.Refresh, MinRefresh) }
