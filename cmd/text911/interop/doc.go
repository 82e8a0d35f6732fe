// Package interop holds the engine against foreign peers: SIPp places its calls, Kamailio carries
// its MSRP. The tests need both programs and are built with the tag interop; run.sh installs what
// is missing and runs them.
package interop
