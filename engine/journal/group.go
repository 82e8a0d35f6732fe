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
	// nextBatch is how many Appends must wait for a second batch to be sent
	// while one is under way: a batch has a price, so it had better be full.
	nextBatch = 400
)

// group is what the appender sends in one go.
//
// The server syncs every message it stores by itself, but an atomic batch only
// once (4 to 5 syncs whatever its size). So a lone record or a few go as plain
// publishes, and whatever more has queued up meanwhile as one atomic batch,
// which is answered once.
//
// Where the journal syncs the server's files (Config.SyncFiles), single records
// go as plain publishes of which only the last asks for an answer, and only
// Appends of several records as a batch.
//
// Nobody else writes to the stream, so the sequences are known beforehand. If
// an answer names another one, some record of the group was not stored as
// expected (a repeat, a fence), and the appender settles its requests one by
// one.
type group struct {
	plain   bool // single records go as plain publishes
	few     int  // so do up to so many, if there is nothing else
	alone   bool // nothing else was under way when it was sent
	singles []*request
	multis  []*request
	records int   // in multis
	bytes   int64 // at least so much do the block files grow

	first      uint64 // sequence of the first record
	wantSingle uint64 // last sequence of the plain publishes, 0 for none
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
	batched := g.records
	if !g.plain {
		batched += len(g.singles)
	}
	if len(r.recs) == 1 {
		if len(g.singles) >= groupRecords || !g.plain && batched >= groupRecords {
			return false
		}
		g.singles = append(g.singles, r)
		return true
	}
	if batched+len(r.recs) > groupRecords {
		return false
	}
	g.multis = append(g.multis, r)
	g.records += len(r.recs)
	return true
}

// encode writes the group's frames. first is set.
func (g *group) encode(e *encoder) {
	total := len(g.singles) + g.records
	if g.plain || g.records == 0 && total <= g.few {
		g.encodePlain(e)
	}
	n := g.records
	if g.wantSingle == 0 {
		n = total
	}
	if n > 0 {
		g.wantBatch = g.first + uint64(total) - 1
		g.encodeBatch(e, n)
	}
	g.bytes = e.grown
}

func (g *group) encodePlain(e *encoder) {
	for i, r := range g.singles {
		token := ""
		if i == len(g.singles)-1 {
			token = "s" + strconv.FormatUint(g.number, 10)
			g.wantSingle = g.first + uint64(i)
		}
		e.put(&put{rec: &r.recs[0], fence: r.fence, last: r.last}, token)
	}
}

// encodeBatch writes one atomic batch of n records: of everything that did not
// go as a plain publish.
func (g *group) encodeBatch(e *encoder, n int) {
	id, nth := e.batchID(), 0
	lists := [2][]*request{g.singles, g.multis}
	if g.wantSingle != 0 {
		lists[0] = nil
	}
	for _, list := range lists {
		for _, r := range list {
			for i := range r.recs {
				nth++
				p := put{rec: &r.recs[i], batch: id, nth: nth, commit: nth == n}
				p.fence, p.last = i == 0 && r.fence, r.last
				token := ""
				if p.commit {
					token = "b" + strconv.FormatUint(g.number, 10)
				}
				e.put(&p, token)
			}
		}
	}
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

// finish tells every request its sequences. It counts first: whoever sees the
// outcome sees it in the counters too.
func (g *group) finish(stats *counters) {
	stats.appends.Add(uint64(len(g.singles) + len(g.multis)))
	stats.records.Add(uint64(len(g.singles) + g.records))
	if g.wantSingle != 0 {
		stats.singles.Add(uint64(len(g.singles)))
	}
	if g.wantBatch != 0 {
		stats.batches.Add(1)
	}
	seq := g.first
	for _, list := range [2][]*request{g.singles, g.multis} {
		for _, r := range list {
			k := len(r.recs)
			seq += uint64(k)
			r.finish(contiguous(seq-1, k), nil)
		}
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
