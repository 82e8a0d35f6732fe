package sdpmsrp

// Direction is the media direction of a stream as its describer sees it (RFC
// 8866 §6.7). It governs user payload only (RFC 4975 §8.9).
type Direction string

// Directions. The zero value of Params.Direction means SendRecv.
const (
	SendRecv Direction = "sendrecv"
	SendOnly Direction = "sendonly"
	RecvOnly Direction = "recvonly"
	Inactive Direction = "inactive"
)

// Sends reports whether the describer may send user payload.
func (d Direction) Sends() bool { return d == SendRecv || d == SendOnly || d == "" }

// Receives reports whether the describer takes user payload.
func (d Direction) Receives() bool { return d == SendRecv || d == RecvOnly || d == "" }

func isDirection(s string) bool {
	switch Direction(s) {
	case SendRecv, SendOnly, RecvOnly, Inactive:
		return true
	}
	return false
}

func direction(sends, receives bool) Direction {
	switch {
	case sends && receives:
		return SendRecv
	case sends:
		return SendOnly
	case receives:
		return RecvOnly
	}
	return Inactive
}

// within limits wanted to what the other side's direction leaves room for (RFC
// 3264 §6.1): one side sends only what the other receives.
func within(other, wanted Direction) Direction {
	return direction(wanted.Sends() && other.Receives(), wanted.Receives() && other.Sends())
}
