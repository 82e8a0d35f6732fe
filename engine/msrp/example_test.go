package msrp_test

import (
	"fmt"

	"text911/engine/msrp"
)

// A Scanner takes octets in any cut and gives frames; AppendReply writes the answer to one.
func Example() {
	wire := "MSRP 8hQ2mX5vR1cL SEND\r\n" +
		"To-Path: msrp://psap.example.org:2855/Lq9Tn2Xw7Vb4Rk8Zp3Hd;tcp\r\n" +
		"From-Path: msrp://caller.example.net:49152/Rm5Jc8Yt1Gs6Nf0Ue4Qa;tcp\r\n" +
		"Message-ID: m1Hd8sKe03\r\n" +
		"Byte-Range: 1-19/19\r\n" +
		"Content-Type: text/plain\r\n" +
		"\r\n" +
		"Fire at 12 Main St.\r\n" +
		"-------8hQ2mX5vR1cL$\r\n"

	s := msrp.NewScanner(msrp.Lenient, msrp.Limits{})
	for _, cut := range []string{wire[:100], wire[100:]} {
		s.Write([]byte(cut))
		for {
			f, ok, err := s.Next()
			if err != nil {
				fmt.Println("close:", err)
				return
			}
			if !ok {
				break // more octets needed
			}
			fmt.Printf("%s %s: %s\n", f.Method, f.MessageID(), f.Body)
			fmt.Printf("%.20s\n", msrp.AppendReply(nil, f, f.To(), msrp.CodeOK))
		}
	}
	// Output:
	// SEND m1Hd8sKe03: Fire at 12 Main St.
	// MSRP 8hQ2mX5vR1cL 20
}

// An own session URI: a secret session-id on the address that the listener has.
func ExampleURI() {
	u, err := msrp.ParseURI("msrps://[2001:db8::25]:2855/Lq9Tn2Xw7Vb4Rk8Zp3Hd;tcp", msrp.Strict)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(u) // for people: the secret stays one
	fmt.Println(u.Secure, u.Host, u.Port, u.Transport)
	// Output:
	// msrps://[2001:db8::25]:2855/Lq9Tn2...;tcp
	// true 2001:db8::25 2855 tcp
}
