package journal

import "strconv"

// encoder makes the bytes of a group in buffers it keeps.
type encoder struct {
	names    *names
	inbox    string
	prefix   string // of the names of atomic batches
	batches  uint64
	buf, hdr []byte
}

func (e *encoder) start() { e.buf = e.buf[:0] }

// put appends the frame of p; token names the answer, empty for none.
func (e *encoder) put(p *put, token string) {
	e.buf, e.hdr = e.names.frame(e.buf, e.hdr, p, e.inbox, token)
}

// group makes the frames of g, whose last one asks for the answer.
func (e *encoder) group(g *group) {
	e.start()
	token := "g" + strconv.FormatUint(g.number, 10)
	var p put
	if g.batch {
		p.batch = e.batchID()
	}
	for _, r := range g.requests {
		for i := range r.recs {
			p.nth++
			p.rec, p.fence, p.last = &r.recs[i], i == 0 && r.fence, r.last
			if p.nth < g.records {
				e.put(&p, "")
				continue
			}
			p.commit = g.batch
			e.put(&p, token)
		}
	}
}

func (e *encoder) batchID() string {
	e.batches++
	return e.prefix + strconv.FormatUint(e.batches, 36)
}
