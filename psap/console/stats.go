package console

import "sync/atomic"

// Stats are counters since New; Connections is what is there now.
type Stats struct {
	Connections int
	Opened      uint64
	Refused     uint64 // handshakes refused
	Started     uint64
	Resumed     uint64
	Gaps        uint64 // resumes that could not be exact, and said so
	Events      uint64 // event frames written
	Commands    uint64
	RateLimited uint64 // commands refused for their rate or number
	BadFrames   uint64
	Slow        uint64 // consoles cut because they did not keep up
	Silent      uint64 // consoles cut because they said nothing
	Replaced    uint64
	Faults      uint64 // consoles cut because of a bug of ours
}

type counters struct {
	opened, refused, started, resumed, gaps, events, commands atomic.Uint64
	rateLimited, badFrames, slow, silent, replaced, faults    atomic.Uint64
}

// Stats returns the counters.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	n := len(s.conns)
	s.mu.Unlock()
	c := &s.count
	return Stats{
		Connections: n, Opened: c.opened.Load(), Refused: c.refused.Load(), Started: c.started.Load(),
		Resumed: c.resumed.Load(), Gaps: c.gaps.Load(), Events: c.events.Load(), Commands: c.commands.Load(),
		RateLimited: c.rateLimited.Load(), BadFrames: c.badFrames.Load(), Slow: c.slow.Load(),
		Silent: c.silent.Load(), Replaced: c.replaced.Load(), Faults: c.faults.Load(),
	}
}

// tally counts why a connection was closed.
func (s *Server) tally(f *farewell) {
	switch f.close {
	case CloseBadFrame, CloseBadCursor, closeTooBig:
		s.count.badFrames.Add(1)
	case CloseSlowConsumer:
		s.count.slow.Add(1)
	case CloseHeartbeatMissed:
		s.count.silent.Add(1)
	case CloseReplaced:
		s.count.replaced.Add(1)
	}
}
