package msrp

// Scanner turns the octets of one connection into frames. Give it octets with Write in
// any cut, then call Next until it asks for more:
//
//	s.Write(p)
//	for {
//		f, ok, err := s.Next()
//		if err != nil { /* the peer broke the protocol: close */ }
//		if !ok { break } // more octets needed
//		...
//	}
type Scanner struct {
	profile Profile
	limits  Limits
	err     error
	quirks  Quirks
	frame   Frame
}

// NewScanner makes a scanner for one connection.
func NewScanner(p Profile, l Limits) *Scanner {
	return &Scanner{profile: p, limits: l.withDefaults()}
}

// Write adds octets. The scanner reads p in place: p must stay unchanged until Next has
// returned ok == false or Keep has been called.
func (s *Scanner) Write(p []byte) {}

// Next gives the next frame, or the next piece of a large one. ok is false when more
// octets are needed. An error means that the peer broke the protocol beyond repair; it
// stays.
func (s *Scanner) Next() (f *Frame, ok bool, err error) { return nil, false, nil }

// Keep copies what is still unread of the last Write, so that its slice may be reused
// although Next has not been drained.
func (s *Scanner) Keep() {}

// End tells the scanner that the peer closed its side. Next then gives a frame whose last
// line end is missing (Lenient), an error for a frame cut short, or ok == false.
func (s *Scanner) End() {}

// Progress reports what the scanner is in the middle of, for the clocks that end slow
// peers: nothing, a header section, or a body.
func (s *Scanner) Progress() Progress { return Idle }

// Buffered is the number of octets held.
func (s *Scanner) Buffered() int { return 0 }

// Quirks gives the deviations tolerated so far.
func (s *Scanner) Quirks() Quirks { return s.quirks }

// Progress is what a Scanner is in the middle of.
type Progress uint8

// The three kinds of progress.
const (
	Idle Progress = iota
	InHead
	InBody
)
