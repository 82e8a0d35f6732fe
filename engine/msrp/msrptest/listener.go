package msrptest

import (
	"errors"
	"net"
	"sync"
)

// Listener is a listener in memory: each Dial makes a Pipe and hands its other
// end to Accept. It settles under testing/synctest.
type Listener struct {
	options PipeOptions
	conns   chan net.Conn
	ended   chan struct{}
	once    sync.Once
}

// NewListener makes a listener whose connections have the given options.
func NewListener(o PipeOptions) *Listener {
	return &Listener{options: o, conns: make(chan net.Conn), ended: make(chan struct{})}
}

// Dial connects; it returns when the connection was accepted.
func (l *Listener) Dial() (net.Conn, error) {
	a, b := Pipe(l.options)
	select {
	case l.conns <- a:
		return b, nil
	case <-l.ended:
		return nil, net.ErrClosed
	}
}

// Fail makes one Accept return an error.
func (l *Listener) Fail(err error) {
	select {
	case l.conns <- failure{err: err}:
	case <-l.ended:
	}
}

// failure travels to Accept in the place of a connection.
type failure struct {
	net.Conn
	err error
}

// Accept gives the next connection.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		if f, ok := c.(failure); ok {
			return nil, f.err
		}
		return c, nil
	case <-l.ended:
		return nil, &net.OpError{Op: "accept", Net: "pipe", Err: net.ErrClosed}
	}
}

// Close ends the listener; its connections stay.
func (l *Listener) Close() error {
	err := errors.New("msrptest: listener closed twice")
	l.once.Do(func() {
		close(l.ended)
		err = nil
	})
	return err
}

// Addr is the address of the accepting side.
func (l *Listener) Addr() net.Addr {
	if l.options.Local != nil {
		return l.options.Local
	}
	return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 2855}
}
