// Package callmodel holds the words of a text conversation with an emergency: call, leg, message,
// participant, location, and what can happen to them (Input, Event, Effect).
//
// A Machine is a pure function with memory. Step decides and changes nothing; Apply is the only
// thing that changes state; recovery is replay. The machines live in the sub-packages firstparty
// (1PCC: the engine terminates SIP and MSRP itself) and thirdparty (3PCC: a controller does).
//
// Nothing here does I/O, takes a lock, starts a goroutine or asks for the time. Values are plain
// and are owned by whoever holds them; slices inside an Event are never changed after Step
// returned it.
//
// Personal data (text, numbers, names, coordinates) is held as Private, which redacts itself
// whenever it is formatted; JSON of an Event, the content of the log, carries it in clear.
package callmodel
