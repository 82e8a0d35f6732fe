package journal

// memStream is one PSAP; Memory.mu guards it, its tail guards itself.
type memStream struct {
	psap   string
	epoch  string
	first  uint64
	recs   []Stored // recs[i].Seq == first+i
	ids    map[string]uint64
	calls  map[string][]uint64
	newest map[string]uint64 // newest sequence of each call, forgotten or not
	tail   *tail
}

// known returns the sequences of records stored before, nil if none of them is.
func (s *memStream) known(recs []Record) ([]uint64, error) {
	var seqs []uint64
	for i := range recs {
		if seq, ok := s.ids[recs[i].ID]; ok {
			seqs = append(seqs, seq)
		}
	}
	if len(seqs) != 0 && len(seqs) != len(recs) {
		return nil, ErrMixed
	}
	return seqs, nil
}

func (s *memStream) store(recs []Record) []uint64 {
	seqs := make([]uint64, len(recs))
	from := len(s.recs)
	for i := range recs {
		seq := s.first + uint64(len(s.recs))
		r := recs[i]
		r.Time = keptTime(r.Time)
		s.recs = append(s.recs, Stored{Seq: seq, Record: r})
		s.ids[r.ID] = seq
		s.calls[r.Call] = append(s.calls[r.Call], seq)
		s.newest[r.Call] = seq
		seqs[i] = seq
	}
	s.tail.add(s.recs[from:])
	return seqs
}

func (s *memStream) read(after uint64, limit int) []Stored {
	if limit <= 0 {
		limit = DefaultReadLimit
	}
	if after+1 < s.first {
		after = s.first - 1
	}
	from := after + 1 - s.first
	if from >= uint64(len(s.recs)) {
		return nil
	}
	part := s.recs[from:]
	if len(part) > limit {
		part = part[:limit]
	}
	return append([]Stored(nil), part...)
}
