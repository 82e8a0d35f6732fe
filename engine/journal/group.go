package journal

import "time"

// Bounds of one group and of what is under way.
const (
	groupRecords = 1000
	groupBytes   = 1 << 20
	// groupsInFlight: while the server stores one group, another is on its way.
	groupsInFlight = 2
	// nextBatch is how many Appends must wait for a second batch to be sent
	// while one is under way: a batch has a price, so it had better be full.
	nextBatch = 400
)

// group is what the appender sends in one go and the server answers once.
//
// The server syncs every message it stores by itself, but an atomic batch only
// once (4 to 5 syncs whatever its size). So a lone record or a few go as plain
// publishes, of which only the last asks for an answer, and whatever more has
// queued up meanwhile as one atomic batch.
//
// Nobody else writes to the stream, so the sequences are known beforehand. If
// the answer names another one, some record of the group was not stored as
// expected (a repeat, a fence), and the appender settles its requests one by
// one.
type group struct {
	number   uint64
	requests []*request
	records  int
	bytes    int    // of their data
	first    uint64 // sequence of the first record
	batch    bool   // it goes as an atomic batch
	alone    bool   // nothing else was under way when it was sent
	sent     time.Time
	bad      bool // the answer is another than foreseen
}

// add takes r into the group if it fits.
func (g *group) add(r *request) bool {
	if g.records+len(r.recs) > groupRecords {
		return false
	}
	g.requests = append(g.requests, r)
	g.records += len(r.recs)
	for i := range r.recs {
		g.bytes += len(r.recs[i].Data)
	}
	return true
}

// single tells whether every request is one record, so that the group may go
// as plain publishes.
func (g *group) single() bool { return g.records == len(g.requests) }

// last is the sequence of the last record.
func (g *group) last() uint64 { return g.first + uint64(g.records) - 1 }

// check compares the answer with what was foreseen.
func (g *group) check(data []byte) {
	ack, err := parseAck(data)
	g.bad = err != nil || ack.Error != nil || ack.Duplicate || ack.Seq != g.last()
}

// finish tells every request its sequences. It counts first: whoever sees the
// outcome sees it in the counters too.
func (g *group) finish(stats *counters) {
	stats.appends.Add(uint64(len(g.requests)))
	stats.records.Add(uint64(g.records))
	if g.batch {
		stats.batches.Add(1)
	} else {
		stats.singles.Add(uint64(g.records))
	}
	seq := g.first
	for _, r := range g.requests {
		k := len(r.recs)
		seq += uint64(k)
		r.finish(contiguous(seq-1, k), nil)
	}
}

// stored lists the group's records for the tail.
func (g *group) stored(buf []Stored) []Stored {
	seq := g.first
	for _, r := range g.requests {
		for i := range r.recs {
			buf = append(buf, storedAs(seq, &r.recs[i]))
			seq++
		}
	}
	return buf
}

func storedAs(seq uint64, r *Record) Stored {
	s := Stored{Seq: seq, Record: *r}
	s.Time = keptTime(s.Time)
	return s
}
