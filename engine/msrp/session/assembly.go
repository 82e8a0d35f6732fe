package session

import (
	"slices"
	"time"

	"text911/engine/msrp"
)

// assembly collects the chunks of one message (RFC 4975 §7.3.1). It holds the octets that
// arrived and nothing for the gaps between them; announced sizes never size anything.
type assembly struct {
	id          msrp.MessageID
	contentType string
	pieces      []piece // ordered, without overlap; neighbours may touch
	held        int64   // octets in pieces
	length      int64   // of the message, once the last chunk came; else unknown
	total       int64   // as announced
	last        time.Time
	success     bool
	failure     msrp.FailureReport
	from        string // From-Path of its first chunk
}

type piece struct {
	first int64 // position of data[0], from 1
	data  []byte
}

func (p piece) end() int64 { return p.first + int64(len(p.data)) } // one behind the last octet

// put writes data at position first; what arrives later wins. It reports false if the
// message has too many gaps. grown is how many more octets are held.
func (a *assembly) put(first int64, data []byte) (grown int64, ok bool) {
	if len(data) == 0 {
		return 0, true
	}
	if n := len(a.pieces); n > 0 && a.pieces[n-1].end() == first { // nearly always
		a.pieces[n-1].data = append(a.pieces[n-1].data, data...)
		a.held += int64(len(data))
		return int64(len(data)), true
	}
	before := a.held
	a.clear(first, first+int64(len(data)))
	i := a.search(first)
	if i > 0 && a.pieces[i-1].end() == first {
		a.pieces[i-1].data = append(a.pieces[i-1].data, data...)
	} else {
		a.pieces = slices.Insert(a.pieces, i, piece{first, slices.Clone(data)})
	}
	a.held += int64(len(data))
	if len(a.pieces) > maxIntervals {
		a.join()
	}
	return a.held - before, len(a.pieces) <= maxIntervals
}

// search gives the index of the first piece that starts at or after first.
func (a *assembly) search(first int64) int {
	i, _ := slices.BinarySearchFunc(a.pieces, first, func(p piece, at int64) int {
		switch {
		case p.first < at:
			return -1
		case p.first > at:
			return 1
		}
		return 0
	})
	return i
}

// clear removes what is held of [first, end).
func (a *assembly) clear(first, end int64) {
	i := a.search(first)
	if i > 0 && a.pieces[i-1].end() > first {
		i--
		p := a.pieces[i]
		if p.first < first && p.end() > end { // cut a hole into one piece
			tail := piece{end, slices.Clone(p.data[end-p.first:])}
			a.pieces[i].data = p.data[:first-p.first]
			a.pieces = slices.Insert(a.pieces, i+1, tail)
			a.held -= end - first
			return
		}
		a.held -= p.end() - first
		a.pieces[i].data = p.data[:first-p.first]
		i++
	}
	j := i
	for j < len(a.pieces) && a.pieces[j].end() <= end {
		a.held -= int64(len(a.pieces[j].data))
		j++
	}
	if j < len(a.pieces) && a.pieces[j].first < end {
		n := end - a.pieces[j].first
		a.held -= n
		a.pieces[j] = piece{end, a.pieces[j].data[n:]}
	}
	a.pieces = slices.Delete(a.pieces, i, j)
}

// join makes one piece of neighbours that touch.
func (a *assembly) join() {
	out := a.pieces[:0]
	for _, p := range a.pieces {
		if n := len(out); n > 0 && out[n-1].end() == p.first {
			out[n-1].data = append(out[n-1].data, p.data...)
			continue
		}
		out = append(out, p)
	}
	clear(a.pieces[len(out):])
	a.pieces = out
}

// fix sets the length; octets beyond it are thrown away. It gives their number.
func (a *assembly) fix(length int64) (beyond int64) {
	a.length = length
	before := a.held
	if n := len(a.pieces); n > 0 && a.pieces[n-1].end() > length+1 {
		a.clear(length+1, a.pieces[n-1].end())
	}
	return before - a.held
}

// complete gives the message once every octet is there.
func (a *assembly) complete() ([]byte, bool) {
	if a.length == msrp.Unknown || a.held != a.length {
		return nil, false
	}
	return a.prefix(), true
}

// prefix gives the octets before the first gap. The assembly gives its storage away.
func (a *assembly) prefix() []byte {
	a.join()
	if len(a.pieces) == 0 {
		return nil
	}
	if a.pieces[0].first != 1 {
		return nil
	}
	return a.pieces[0].data
}
