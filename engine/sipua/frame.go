package sipua

import (
	"bytes"
	"errors"
	"strconv"
)

var (
	errTooLarge  = errors.New("message above the size limit")
	errNoLength  = errors.New("message on a stream without usable Content-Length")
	doubleCRLF   = []byte("\r\n\r\n")
	lengthLong   = []byte("content-length")
	lengthShort  = []byte("l")
	headerSplits = []byte(":")
)

// framer cuts a stream into SIP messages by Content-Length (RFC 3261 §18.3). Write bytes in any
// cut, call next until it has nothing. It scans every byte once and holds at most limit bytes.
type framer struct {
	limit   int
	buf     []byte
	scanned int // bytes of buf known to hold no end of the header section
	need    int // length of the message at the front, 0 while its header section is incomplete
	pings   int // keep-alives seen since taken
	blank   int // octets of line ends since the last message
}

func (f *framer) write(p []byte) { f.buf = append(f.buf, p...) }

// next returns the next whole message, nil when more bytes are needed. After an error the stream
// has no boundary to go on from.
func (f *framer) next() ([]byte, error) {
	if f.need == 0 {
		f.skipBlank()
		if err := f.measure(); err != nil {
			return nil, err
		}
	}
	if f.need == 0 || len(f.buf) < f.need {
		return nil, nil
	}
	msg := bytes.Clone(f.buf[:f.need])
	rest := copy(f.buf, f.buf[f.need:])
	f.buf = f.buf[:rest]
	if rest == 0 && cap(f.buf) > 16<<10 {
		f.buf = nil
	}
	f.need, f.scanned = 0, 0
	return msg, nil
}

// skipBlank drops line ends before a start line (RFC 3261 §7.5). A double one is a ping that is
// answered with a single one (RFC 5626 §3.5.1).
func (f *framer) skipBlank() {
	if f.scanned > 0 {
		return
	}
	n := 0
	for n < len(f.buf) && (f.buf[n] == '\r' || f.buf[n] == '\n') {
		n++
	}
	if n == 0 {
		return
	}
	f.blank += n
	f.pings += f.blank / 4
	f.blank %= 4
	f.buf = f.buf[:copy(f.buf, f.buf[n:])]
}

func (f *framer) measure() error {
	from := max(0, f.scanned-3)
	i := bytes.Index(f.buf[from:], doubleCRLF)
	if i < 0 {
		f.scanned = len(f.buf)
		if len(f.buf) > f.limit {
			return errTooLarge
		}
		return nil
	}
	head := f.buf[:from+i]
	n, ok := contentLength(head)
	if !ok {
		return errNoLength
	}
	if n > f.limit || len(head)+4+n > f.limit {
		return errTooLarge
	}
	f.need, f.blank = len(head)+4+n, 0
	return nil
}

// contentLength finds the length in a header section; the last line wins. A missing one counts as
// zero: a message without body is the common case of senders that leave it out.
func contentLength(head []byte) (int, bool) {
	n := 0
	for line := range bytes.SplitSeq(head, []byte("\n")) {
		name, value, ok := bytes.Cut(line, headerSplits)
		name = bytes.TrimSpace(name)
		if !ok || !(bytes.EqualFold(name, lengthLong) || bytes.EqualFold(name, lengthShort)) {
			continue
		}
		v, err := strconv.ParseUint(string(bytes.TrimSpace(value)), 10, 31)
		if err != nil {
			return 0, false
		}
		n = int(v)
	}
	return n, true
}

// takePings returns and clears the count of keep-alives seen.
func (f *framer) takePings() int {
	n := f.pings
	f.pings = 0
	return n
}
