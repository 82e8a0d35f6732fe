package msrptest

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// maxPeerFrame bounds what a Peer collects for one frame.
const maxPeerFrame = 8 << 20

// Peer is a scripted MSRP peer: it writes what it is told, octet for octet, and
// gives back frames as they came. It is for tests and simulators.
type Peer struct {
	// Conn is the connection; the Peer does not close it by itself.
	Conn net.Conn
	// Timeout bounds each read; 5 s when zero.
	Timeout time.Duration

	pending []byte
	scratch [4096]byte
}

// NewPeer speaks over a connection.
func NewPeer(c net.Conn) *Peer { return &Peer{Conn: c} }

// DialPeer connects to an address over TCP.
func DialPeer(address string) (*Peer, error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return NewPeer(c), nil
}

// Close closes the connection.
func (p *Peer) Close() error { return p.Conn.Close() }

// Write writes literal octets.
func (p *Peer) Write(wire string) error {
	_, err := p.Conn.Write([]byte(wire))
	return err
}

// WriteSlowly writes literal octets a few at a time, each in its own write.
func (p *Peer) WriteSlowly(wire string, step int, pause func()) error {
	for len(wire) > 0 {
		n := min(step, len(wire))
		if err := p.Write(wire[:n]); err != nil {
			return err
		}
		wire = wire[n:]
		if pause != nil {
			pause()
		}
	}
	return nil
}

// Frame is one received frame, as it came.
type Frame struct {
	// Raw is the whole frame with its end-line.
	Raw string
	// TransactionID is the second token of the start line.
	TransactionID string
	// Code is the response code; 0 in a request.
	Code int
	// Method is the request method; empty in a response.
	Method string
	// Body is the body; HasBody tells an empty one from none.
	Body    string
	HasBody bool
	// Flag is the continuation flag.
	Flag byte

	header []string
}

// Header is the value of the first header line of that name, ignoring case.
func (f *Frame) Header(name string) string {
	for _, h := range f.header {
		if k, v, ok := strings.Cut(h, ":"); ok && strings.EqualFold(k, name) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// ErrNotMSRP is returned when the other side sent what is no frame.
var ErrNotMSRP = errors.New("msrptest: not an MSRP frame")

// Next reads one frame. It gives the read's error when the stream ends or
// nothing comes in time.
func (p *Peer) Next() (*Frame, error) {
	for {
		f, n, err := cutFrame(p.pending)
		if err != nil {
			return nil, err
		}
		if f != nil {
			p.pending = p.pending[n:]
			return f, nil
		}
		if err := p.more(); err != nil {
			return nil, err
		}
	}
}

// Response reads frames until a response to the transaction comes; other frames
// are dropped.
func (p *Peer) Response(transactionID string) (*Frame, error) {
	for {
		f, err := p.Next()
		if err != nil {
			return nil, err
		}
		if f.Code != 0 && f.TransactionID == transactionID {
			return f, nil
		}
	}
}

// ReadEOF reads until the other side closes and gives what came before.
func (p *Peer) ReadEOF() (string, error) {
	for {
		if err := p.more(); err != nil {
			left := string(p.pending)
			p.pending = nil
			var timeout net.Error
			if errors.As(err, &timeout) && timeout.Timeout() {
				return left, err
			}
			return left, nil
		}
	}
}

func (p *Peer) more() error {
	wait := p.Timeout
	if wait == 0 {
		wait = 5 * time.Second
	}
	if err := p.Conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return err
	}
	n, err := p.Conn.Read(p.scratch[:])
	p.pending = append(p.pending, p.scratch[:n]...)
	if n > 0 {
		return nil
	}
	return err
}

// cutFrame takes one frame off the front. It finds the end-line by its id, as
// the standard says, and does nothing cleverly. n is 0 while more is needed.
func cutFrame(b []byte) (f *Frame, n int, err error) {
	eol := bytes.Index(b, []byte("\r\n"))
	if eol < 0 {
		if len(b) > 2048 {
			return nil, 0, ErrNotMSRP
		}
		return nil, 0, nil
	}
	tokens := strings.SplitN(string(b[:eol]), " ", 4)
	if len(tokens) < 3 || tokens[0] != "MSRP" {
		return nil, 0, ErrNotMSRP
	}
	f = &Frame{TransactionID: tokens[1]}
	if code, err := strconv.Atoi(tokens[2]); err == nil && len(tokens[2]) == 3 {
		f.Code = code
	} else {
		f.Method = tokens[2]
	}
	mark := []byte("\r\n-------" + f.TransactionID)
	for at := eol; ; {
		i := bytes.Index(b[at:], mark)
		if i < 0 {
			if len(b) > maxPeerFrame {
				return nil, 0, ErrNotMSRP
			}
			return nil, 0, nil
		}
		end := at + i + len(mark)
		if end+3 > len(b) {
			return nil, 0, nil
		}
		if flag := b[end]; strings.IndexByte("$+#", flag) >= 0 && b[end+1] == '\r' && b[end+2] == '\n' {
			f.Flag, f.Raw = flag, string(b[:end+3])
			f.fill(string(b[eol+2 : max(eol+2, at+i)]))
			return f, end + 3, nil
		}
		at += i + 2
	}
}

// fill takes headers and body apart.
func (f *Frame) fill(inner string) {
	head, body, found := strings.Cut(inner, "\r\n\r\n")
	f.header = strings.Split(head, "\r\n")
	f.Body, f.HasBody = body, found
}

// Send is the literal text of a SEND with a whole text/plain message. It is
// written by hand, not by the codec under test.
func Send(transactionID, to, from, messageID, body string) string {
	return fmt.Sprintf("MSRP %s SEND\r\nTo-Path: %s\r\nFrom-Path: %s\r\nMessage-ID: %s\r\n"+
		"Byte-Range: 1-%d/%d\r\nContent-Type: text/plain\r\n\r\n%s\r\n-------%s$\r\n",
		transactionID, to, from, messageID, len(body), len(body), body, transactionID)
}

// Bind is the literal text of a bodiless SEND, which binds a connection to a
// session (RFC 4975 §5.4).
func Bind(transactionID, to, from, messageID string) string {
	return fmt.Sprintf("MSRP %s SEND\r\nTo-Path: %s\r\nFrom-Path: %s\r\nMessage-ID: %s\r\n"+
		"Byte-Range: 1-0/0\r\n-------%s$\r\n", transactionID, to, from, messageID, transactionID)
}

// Respond is the literal text of a response to a received request.
func Respond(f *Frame, status string) string {
	to, _, _ := strings.Cut(f.Header("From-Path"), " ")
	return fmt.Sprintf("MSRP %s %s\r\nTo-Path: %s\r\nFrom-Path: %s\r\n-------%s$\r\n",
		f.TransactionID, status, to, f.Header("To-Path"), f.TransactionID)
}
