package journal

import (
	"strconv"
	"time"
)

// Bounds of one group and of what is under way.
const (
	groupRecords = 1000
	groupBytes   = 1 << 20
	// groupsInFlight: while the server stores one group and the reader syncs
	// another, the next one is encoded.
	groupsInFlight = 3
)

// group is what the appender sends in one go: single records as plain
// publishes of which only the last asks for an answer, then the Appends of
// several records as one atomic batch, which is answered once.
//
// Nobody else writes to the stream, so the sequences are known beforehand. If
// an answer names another one, some record of the group was not stored as
// expected (a repeat, a fence), and the appender settles its requests one by
// one.
type group struct {
	singles []*request
	multis  []*request
	records int   // in multis
	bytes   int64 // at least so much do the block files grow

	first      uint64 // sequence of the first record
	wantSingle uint64 // last sequence of the singles, 0 for none
	wantBatch  uint64 // last sequence of the batch, 0 for none
	number     uint64
	sent       time.Time
	bad        bool
}

func (g *group) empty() bool { return len(g.singles)+len(g.multis) == 0 }

// requests are the group's requests in the order of their sequences.
func (g *group) requests() []*request {
	return append(append([]*request(nil), g.singles...), g.multis...)
}

// add takes r into the group if it fits.
func (g *group) add(r *request) bool {
	if len(r.recs) == 1 {
		if len(g.singles) >= groupRecords {
			return false
		}
		g.singles = append(g.singles, r)
	} else {
		if g.records+len(r.recs) > groupRecords {
			return false
		}
		g.multis = append(g.multis, r)
		g.records += len(r.recs)
	}
	return true
}

// encode writes the group's frames. first is set.
func (g *group) encode(e *encoder) {
	next := g.first
	for i, r := range g.singles {
		token := ""
		if i == len(g.singles)-1 {
			token = "s" + strconv.FormatUint(g.number, 10)
			g.wantSingle = next + uint64(i)
		}
		e.put(&put{rec: &r.recs[0], fence: r.fence, last: r.last}, token)
	}
	next += uint64(len(g.singles))
	id, nth := "", 0
	if len(g.multis) > 0 {
		id = e.batchID()
		g.wantBatch = next + uint64(g.records) - 1
	}
	for _, r := range g.multis {
		for i := range r.recs {
			nth++
			p := put{rec: &r.recs[i], batch: id, nth: nth, commit: nth == g.records}
			p.fence, p.last = i == 0 && r.fence, r.last
			token := ""
			if p.commit {
				token = "b" + strconv.FormatUint(g.number, 10)
			}
			e.put(&p, token)
		}
	}
	g.bytes = e.grown
}

// check compares an answer with what was foreseen.
func (g *group) check(batch bool, data []byte) {
	want := g.wantSingle
	if batch {
		want = g.wantBatch
	}
	ack, err := parseAck(data)
	if err != nil || ack.Error != nil || ack.Duplicate || ack.Seq != want {
		g.bad = true
	}
}

// finish tells every request its sequences.
func (g *group) finish(stats *counters) {
	seq := g.first
	n := 0
	for _, list := range [2][]*request{g.singles, g.multis} {
		for _, r := range list {
			k := len(r.recs)
			seq += uint64(k)
			n += k
			r.finish(contiguous(seq-1, k), nil)
		}
	}
	stats.appends.Add(uint64(len(g.singles) + len(g.multis)))
	stats.records.Add(uint64(n))
	stats.singles.Add(uint64(len(g.singles)))
	if len(g.multis) > 0 {
		stats.batches.Add(1)
	}
}

// stored lists the group's records for the tail.
func (g *group) stored(buf []Stored) []Stored {
	seq := g.first
	for _, list := range [2][]*request{g.singles, g.multis} {
		for _, r := range list {
			for i := range r.recs {
				buf = append(buf, storedAs(seq, &r.recs[i]))
				seq++
			}
		}
	}
	return buf
}

func storedAs(seq uint64, r *Record) Stored {
	s := Stored{Seq: seq, Record: *r}
	s.Time = keptTime(s.Time)
	return s
}

// encoder makes the bytes of a group in buffers it keeps.
type encoder struct {
	names    *names
	inbox    string
	buf, hdr []byte
	grown    int64
	batches  uint64
	prefix   string
}

func (e *encoder) start() { e.buf, e.grown = e.buf[:0], 0 }

func (e *encoder) put(p *put, token string) {
	var size int
	e.buf, e.hdr, size = e.names.frame(e.buf, e.hdr, p, e.inbox, token)
	e.grown += int64(size)
}

func (e *encoder) batchID() string {
	e.batches++
	return e.prefix + strconv.FormatUint(e.batches, 36)
}
