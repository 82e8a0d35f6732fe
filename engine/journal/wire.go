package journal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// wire is a connection to the embedded server that speaks just enough of the
// NATS client protocol for the appender: it writes whole groups of HPUB frames
// with one call and reads acknowledgements. nats.go does everything else; its
// header maps, its flusher and its one reply per request cost more than the
// store itself here.
//
// One goroutine writes, one reads. A PING is answered by the writer, so that
// the reader never blocks in a write while the server waits to be read.
type wire struct {
	conn  net.Conn
	br    *bufio.Reader
	inbox string // replies come to inbox + token
}

const (
	wireReadBuf  = 16 << 10
	wireMaxFrame = 64 << 10 // acknowledgements are small
	dialTimeout  = 5 * time.Second
)

// dialWire greets the server over conn and subscribes to the replies.
func dialWire(conn net.Conn, user, password, inbox string) (*wire, error) {
	w := &wire{conn: conn, br: bufio.NewReaderSize(conn, wireReadBuf), inbox: inbox}
	if err := w.greet(user, password); err != nil {
		conn.Close()
		return nil, fmt.Errorf("journal connection: %w", err)
	}
	return w, nil
}

func (w *wire) greet(user, password string) error {
	if err := w.conn.SetDeadline(time.Now().Add(dialTimeout)); err != nil {
		return err
	}
	if line, err := w.line(); err != nil {
		return err
	} else if !bytes.HasPrefix(line, []byte("INFO ")) {
		return errors.New("no INFO from the server")
	}
	connect, err := json.Marshal(map[string]any{
		"verbose": false, "pedantic": false, "headers": true, "no_responders": true,
		"user": user, "pass": password, "name": "text911-journal", "lang": "go", "version": "1", "protocol": 1,
	})
	if err != nil {
		return err
	}
	hello := fmt.Appendf(nil, "CONNECT %s\r\nSUB %s* 1\r\nPING\r\n", connect, w.inbox)
	if _, err := w.conn.Write(hello); err != nil {
		return err
	}
	for {
		f, err := w.next()
		if err != nil {
			return err
		}
		if f.kind == framePong {
			return w.conn.SetDeadline(time.Time{})
		}
	}
}

type frameKind int

const (
	frameMsg frameKind = iota
	framePing
	framePong
)

// frame is one thing the server said. token and data are valid until next is
// called again.
type frame struct {
	kind  frameKind
	token []byte // what follows inbox in the subject
	data  []byte
}

var pong = []byte("PONG\r\n")

// next reads the next frame that matters.
func (w *wire) next() (frame, error) {
	for {
		line, err := w.line()
		if err != nil {
			return frame{}, err
		}
		switch {
		case bytes.HasPrefix(line, []byte("MSG ")):
			return w.msg(line[4:], false)
		case bytes.HasPrefix(line, []byte("HMSG ")):
			return w.msg(line[5:], true)
		case bytes.Equal(line, []byte("PING")):
			return frame{kind: framePing}, nil
		case bytes.Equal(line, []byte("PONG")):
			return frame{kind: framePong}, nil
		case bytes.HasPrefix(line, []byte("-ERR")):
			return frame{}, fmt.Errorf("server: %s", line)
		}
	}
}

// msg reads the rest of "MSG <subject> <sid> [reply] <bytes>" or of
// "HMSG <subject> <sid> [reply] <header bytes> <bytes>".
func (w *wire) msg(args []byte, headers bool) (frame, error) {
	fields := bytes.Fields(args)
	if len(fields) < 3 {
		return frame{}, errors.New("short MSG")
	}
	size, err := strconv.Atoi(string(fields[len(fields)-1]))
	if err != nil || size < 0 || size > wireMaxFrame {
		return frame{}, errors.New("MSG of impossible size")
	}
	skip := 0
	if headers {
		if skip, err = strconv.Atoi(string(fields[len(fields)-2])); err != nil || skip < 0 || skip > size {
			return frame{}, errors.New("HMSG of impossible size")
		}
	}
	token, ok := bytes.CutPrefix(fields[0], []byte(w.inbox))
	if !ok {
		return frame{}, errors.New("MSG for another inbox")
	}
	token = bytes.Clone(token)
	buf := make([]byte, size+2)
	if _, err := io.ReadFull(w.br, buf); err != nil {
		return frame{}, err
	}
	return frame{kind: frameMsg, token: token, data: buf[skip:size]}, nil
}

func (w *wire) line() ([]byte, error) {
	line, err := w.br.ReadSlice('\n')
	if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, err
	}
	if err != nil { // only INFO is long
		long := append([]byte(nil), line...)
		for errors.Is(err, bufio.ErrBufferFull) && len(long) < 1<<20 {
			line, err = w.br.ReadSlice('\n')
			long = append(long, line...)
		}
		if err != nil {
			return nil, err
		}
		line = long
	}
	return bytes.TrimRight(line, "\r\n"), nil
}

// more tells whether a reply has been read already.
func (w *wire) more() bool { return w.br.Buffered() > 0 }

func (w *wire) close() { w.conn.Close() }
