// Package daemon joins the parts into a running engine: log, calls, SIP and MSRP, PSAPs, consoles,
// NATS, the admin endpoint. It is a type that tests start on port zero and stop. It decides
// nothing that configuration does not say.
//
// New binds every socket and starts nothing; Run serves until its context ends or Drain has
// finished, and returns when everything it started has ended.
package daemon
