// Package esrp is the ESInet side of the engine as seen from a PSAP: which SIP peers (trunks) may
// send calls, what holds for each of them, and to which PSAP and queue a call goes.
//
// Standards: NENA-STA-010.3 §4.2.1 and §4.2.2.2 (the queue is named by the top Route, else the
// Request-URI), §4.2.1.3 (calls above capacity are refused so that the ESRP goes on routing), and
// RFC 5922 §7 (which names of a certificate are a SIP domain).
//
// The package opens no sockets and knows no SIP messages: it is asked by name and address. Trunks
// and Router are safe for concurrent use. Their configuration does not change after New.
//
// Limits: queue URIs above 1,024 bytes are not looked at; host names of peers are looked up again
// every Refresh, and the last known addresses stay in force while the lookup fails.
package esrp
