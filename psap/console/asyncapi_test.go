package console

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"slices"
	"testing"

	"text911/callmodel"
	"text911/psap/api"
)

var update = flag.Bool("update", false, "write psap/api/asyncapi.json anew")

const documentPath = "../api/asyncapi.json"

// The published document is what the types say. Run with -update after changing them.
func TestAsyncAPIIsCurrent(t *testing.T) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(document(newGenerator(t))); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(documentPath, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if b.String() != api.AsyncAPI() {
		t.Error("psap/api/asyncapi.json is not what the types say: go test ./psap/console -run AsyncAPI -update")
	}
}

// events is every kind, with what it means.
var events = []struct {
	data  callmodel.EventData
	means string
}{
	{callmodel.CallOffered{}, "A text conversation is offered; the first event of every call."},
	{callmodel.CallQueued{}, "The call waits for a taker, for the first time or again."},
	{callmodel.CallClaimed{}, "A taker has the call. Its fence is needed to act on it."},
	{callmodel.CallReleased{}, "The taker no longer has the call."},
	{callmodel.CallAnswered{}, "The leg was answered towards the network."},
	{callmodel.CallIdleWarning{}, "The call will be closed at the deadline unless somebody writes or extends it."},
	{callmodel.CallExtended{}, "A taker keeps a silent call open."},
	{callmodel.CallClosed{}, "The call is over. Late messages may still follow."},
	{callmodel.ParticipantJoined{}, "Somebody is part of the conversation."},
	{callmodel.ParticipantLeft{}, "Somebody is no longer part of the conversation."},
	{callmodel.MessageReceived{}, "A text from the far side, stored before it was acknowledged to it."},
	{callmodel.MessageQueued{}, "A text to the far side, stored and on its way."},
	{callmodel.MessageReceipt{}, "What is known of a message: of one to the far side how far it came, of one from it that it was on screen."},
	{callmodel.MessageQuarantined{}, "Content that could not be taken in and is kept for the administrator."},
	{callmodel.LocationUpdated{}, "Where the caller may be."},
	{callmodel.LocationFailed{}, "No location could be had."},
	{callmodel.NoteAdded{}, "A taker's note. It goes to nobody outside."},
	{callmodel.LegOpeningEvent{}, "A leg is being opened."},
	{callmodel.LegEstablishedEvent{}, "Texts can pass."},
	{callmodel.LegBrokenEvent{}, "The connection is lost; it may be mended."},
	{callmodel.LegClosedEvent{}, "The leg has ended."},
	{callmodel.AgentChanged{}, "An agent's state or position changed."},
	{callmodel.AlertRaised{}, "Something needs attention. While the log cannot store, the alert journal comes without seq and with class ephemeral."},
	{callmodel.AlertCleared{}, "What needed attention is over."},
	{callmodel.TypingChanged{}, "Somebody began or stopped typing. Not stored."},
	{callmodel.AgentPresence{}, "An agent's consoles came or went. Not stored."},
	{callmodel.QueueStats{}, "How long the queue is. Not stored."},
}

// commands is every command, with its data and the data of its reply.
var commands = []struct {
	name        string
	data, reply any
	means       string
}{
	{api.AgentState, api.AgentStateData{}, nil, "Say whether the agent takes calls, where it sits, and whether its console can make a sound."},
	{api.CallClaim, api.ClaimData{}, api.ClaimResult{}, "Take a call. The claim lasts until no sign of life came for one lease."},
	{api.CallRelease, api.FencedData{}, nil, "Give a call back to the queue."},
	{api.MessageSend, api.SendData{}, api.SendResult{}, "Send a text, or other content the far side accepts. ok means stored; receipts tell the rest."},
	{api.MessageShown, api.ShownData{}, nil, "A person has the message on screen."},
	{api.CallTyping, api.TypingData{}, nil, "The taker began or stopped typing."},
	{api.CallNote, api.NoteData{}, nil, "Add a note to the call."},
	{api.CallExtend, api.FencedData{}, nil, "Keep a silent call open."},
	{api.CallClose, api.CloseData{}, nil, "End the call. The reason is a word: a-z, 0-9, _ and -."},
	{api.CallGet, api.GetData{}, callmodel.View{}, "One call as it stands."},
	{api.CallList, api.ListData{}, api.ListResult{}, "The open calls and the newest closed ones: waiting ones first, in the order of the queue."},
	{api.CallTranscript, api.TranscriptData{}, api.TranscriptResult{}, "The events of one call with seq > after, oldest first. To go on, give the last seq as after."},
	{api.EventsRead, api.ReadData{}, api.ReadResult{}, "The events of the PSAP with seq > after, oldest first."},
}

var frames = []struct {
	op         string
	frame      any // nil: described by hand
	fromServer bool
	means      string
}{
	{opHello, helloFrame{}, true, "First frame of the server: who it is, and its limits."},
	{opStart, nil, false, "Begin with a snapshot."},
	{opResume, nil, false, "Begin after a seq that was reached before."},
	{opReady, readyFrame{}, true, "The state as it stands at seq; every later event follows once and in order."},
	{opResumed, resumedFrame{}, true, "The events from and up to to follow, then the live ones."},
	{opGap, gapFrame{}, true, "These events cannot be given; ready follows. reason: epoch (another log), expired (no longer kept), ahead (the log never came so far)."},
	{opEvent, nil, true, "One event."},
	{opCommand, nil, false, "Ask for something. The reply has the same id."},
	{opReply, nil, true, "The answer to a command. seq is the newest event the command caused."},
	{opAck, nil, false, "Everything up to seq was handled. Without it events stop, and then the connection."},
	{opPing, beatFrame{}, true, "Sign of life; to be answered with pong and the same t. From the server, seq is how far the stream has come."},
	{opPong, beatFrame{}, false, "Answer to ping, in either direction."},
	{opError, errorFrame{}, true, "Why the connection is about to be closed."},
	{opGoaway, goawayFrame{}, true, "The server will close the connection in left_ms; connect again at leisure."},
}

func TestDocumentIsComplete(t *testing.T) {
	var names []string
	for _, c := range commands {
		names = append(names, c.name)
	}
	if !slices.Equal(names, api.Types()) {
		t.Errorf("the document's commands are %v", names)
	}
	for _, e := range events {
		if e.means == "" {
			t.Errorf("%s has no description", e.data.Kind())
		}
	}
}

// document is the whole AsyncAPI document.
func document(g *generator) object {
	messages, consoleMessages := object{}, object{}
	g.schemas["Problem"] = g.members(reflect.TypeFor[api.Problem]())
	g.envelopes(messages)
	g.commandSchemas(messages)
	g.frameSchemas(messages, consoleMessages)
	return object{
		"asyncapi": "3.0.0",
		"info": object{
			"title": "text911", "version": "1.0.0",
			"license": object{"name": "Apache-2.0"},
			"description": "Texts to 911, live: events and commands of a PSAP over WebSocket and NATS. " +
				"Readers ignore members they do not know. Times are RFC 3339 in UTC with milliseconds, ids are opaque and sort by time. " +
				"Every durable event has a seq, its place in the log of the PSAP, which is the same over every binding. " +
				"An event with class ephemeral has none: it is shown and forgotten.",
		},
		"defaultContentType": "application/json",
		"servers": object{
			"console": object{"host": "localhost:8911", "protocol": "ws"},
			"bus":     object{"host": "localhost:4222", "protocol": "nats"},
		},
		"channels":   channels(consoleMessages),
		"operations": operations(consoleMessages),
		"components": object{"schemas": g.schemas, "messages": messages},
	}
}

// envelopes adds the schema of every kind of event.
func (g *generator) envelopes(messages object) {
	var all []any
	for _, e := range events {
		kind := string(e.data.Kind())
		g.component(reflect.TypeOf(e.data))
		properties := object{
			"specversion": object{"const": "1.0"},
			"id":          object{"type": "string"},
			"source":      object{"type": "string", "pattern": "^text911/", "description": "text911/ and the PSAP"},
			"type":        object{"const": "text911." + kind + ".v1"},
			"subject":     object{"type": "string", "description": "the call; _ for events of the PSAP itself"},
			"time":        object{"type": "string", "format": "date-time"},
			"call_seq":    object{"type": "integer", "minimum": 1, "description": "place in the call, without holes"},
			"command":     g.component(reflect.TypeFor[callmodel.CommandRef]()),
			"data":        ref(reflect.TypeOf(e.data).Name()),
			"seq":         object{"type": "integer", "minimum": 1, "description": "place in the log; over NATS in the header Nats-Sequence instead"},
			"class":       object{"const": "ephemeral"},
		}
		required := []string{"specversion", "id", "source", "type", "subject", "time", "data"}
		if e.data.Kind().Ephemeral() {
			delete(properties, "seq")
			required = append(required, "class")
		}
		name := "event." + kind
		g.schemas[name] = object{"type": "object", "description": e.means, "properties": properties, "required": required}
		messages[name] = object{"name": kind, "summary": e.means, "payload": ref(name)}
		all = append(all, ref(name))
	}
	g.schemas["Event"] = object{"oneOf": all}
}

// commandSchemas adds the data of every command and of its reply.
func (g *generator) commandSchemas(messages object) {
	var all []any
	for _, c := range commands {
		data := g.members(reflect.TypeOf(c.data))
		data["description"] = c.means
		g.schemas["command."+c.name] = data
		reply := object{"type": "object", "maxProperties": 0}
		if c.reply != nil {
			reply = g.of(reflect.TypeOf(c.reply))
		}
		g.schemas["reply."+c.name] = reply
		messages["command."+c.name] = object{"name": c.name, "summary": c.means, "payload": object{
			"type": "object", "required": []string{"id"},
			"properties": object{"id": commandID(), "data": ref("command." + c.name)},
		}}
		all = append(all, ref("reply."+c.name))
	}
	for _, name := range []string{"TranscriptResult", "ReadResult"} {
		properties := g.schemas[name].(object)["properties"].(object)
		properties["events"] = object{"type": "array", "items": ref("Event")}
	}
	g.schemas["Reply"] = object{
		"type": "object", "required": []string{"id", "ok"}, "properties": replyProperties(all),
	}
	messages["reply"] = object{"name": "reply", "summary": "The answer to a command.", "payload": ref("Reply")}
}

func commandID() object {
	return object{"type": "string", "minLength": 1, "maxLength": api.MaxCommandID,
		"description": "the client's own; unique among all clients for 24 hours, best a ULID or UUID. Repeating it with the same data has no second effect"}
}

func replyProperties(all []any) object {
	return object{
		"id":    object{"type": "string"},
		"ok":    object{"type": "boolean"},
		"seq":   object{"type": "integer", "minimum": 1, "description": "newest event the command caused"},
		"data":  object{"anyOf": all},
		"error": ref("Problem"),
	}
}

// frameSchemas adds every WebSocket frame.
func (g *generator) frameSchemas(messages, console object) {
	for _, f := range frames {
		name := "frame." + f.op
		var s object
		if f.frame != nil {
			s = g.members(reflect.TypeOf(f.frame))
		} else {
			s = g.byHand(f.op)
		}
		s["description"] = f.means
		s["properties"].(object)["op"] = object{"const": f.op}
		g.schemas[name] = s
		messages[name] = object{"name": f.op, "summary": f.means, "payload": ref(name)}
		console[f.op] = object{"$ref": "#/components/messages/" + name}
	}
	ready := g.schemas["frame.ready"].(object)["properties"].(object)["snapshot"].(object)
	ready["properties"].(object)["calls"] = object{"type": "array", "items": g.component(reflect.TypeFor[callmodel.View]())}
}

func (g *generator) byHand(op string) object {
	text := func(limit int) object { return object{"type": "string", "maxLength": limit} }
	who := object{
		"op": object{}, "psap": object{"type": "string"}, "agent": text(api.MaxName),
		"client":   object{"type": "string", "maxLength": api.MaxName, "description": "names the console; a newer connection of the same agent and client replaces the older one"},
		"position": text(api.MaxName), "can_ring": object{"type": "boolean", "description": "the console can make a sound"},
		"filter": g.members(reflect.TypeFor[filter]()),
	}
	delete(who["filter"].(object), "required")
	switch op {
	case opStart:
		return object{"type": "object", "properties": who, "required": []string{"op", "psap"}}
	case opResume:
		who["epoch"] = object{"type": "string"}
		who["seq"] = object{"type": "integer", "minimum": 0}
		return object{"type": "object", "properties": who, "required": []string{"op", "psap", "epoch", "seq"}}
	case opEvent:
		return object{"type": "object", "properties": object{"event": ref("Event")}, "required": []string{"op", "event"}}
	case opAck:
		return object{"type": "object", "properties": object{"seq": object{"type": "integer", "minimum": 0}}, "required": []string{"op", "seq"}}
	case opCommand:
		return object{"type": "object", "required": []string{"op", "id", "type"}, "properties": object{
			"id": commandID(), "type": object{"enum": api.Types()}, "data": object{"type": "object"},
		}}
	case opReply:
		reply := g.schemas["Reply"].(object)
		properties := object{}
		for k, v := range reply["properties"].(object) {
			properties[k] = v
		}
		return object{"type": "object", "required": []string{"op", "id", "ok"}, "properties": properties}
	}
	panic("no description of " + op)
}

func channels(console object) object {
	eventMessages, commandMessages := object{}, object{}
	for _, e := range events {
		kind := string(e.data.Kind())
		eventMessages[kind] = object{"$ref": "#/components/messages/event." + kind}
	}
	for _, c := range commands {
		commandMessages[c.name] = object{"$ref": "#/components/messages/command." + c.name}
	}
	parameters := object{"psap": object{"description": "the PSAP, dots replaced by -"}}
	return object{
		"console": object{
			"address": "/v1/ws", "servers": []any{object{"$ref": "#/servers/console"}},
			"description": "WebSocket, subprotocol " + Subprotocol + ", JSON text frames. " +
				"Close codes: 4000 internal (resume), 4001 bad frame, 4003 not allowed, 4004 login failed, 4005 login expired (resume after login), " +
				"4006 heartbeat missed (resume), 4007 bad cursor (start again), 4008 rate (resume after a wait), 4009 slow consumer (resume), " +
				"4010 replaced, 4011 draining (resume elsewhere), 4012 version not supported. After any other code from 4000 on do not come back.",
			"messages": console,
			"bindings": object{"ws": object{"method": "GET", "bindingVersion": "0.1.0", "query": object{
				"type": "object", "properties": object{"ticket": object{"type": "string", "description": "single-use ticket of POST /v1/tickets, for pages"}},
			}}},
		},
		"events": object{
			"address": "t911.{psap}.evt.{call}.{noun}.{verb}", "servers": []any{object{"$ref": "#/servers/bus"}},
			"description": "CloudEvents headers ce-… beside the payload. Durable events have Nats-Sequence; after a hole in it read the rest with events.read.",
			"messages":    eventMessages,
			"parameters": object{"psap": parameters["psap"], "call": object{"description": "the call; _ for events of the PSAP itself"},
				"noun": object{}, "verb": object{}},
		},
		"commands": object{
			"address": "t911.{psap}.cmd.{type}", "servers": []any{object{"$ref": "#/servers/bus"}},
			"description": "Request with the header T911-Agent: who asks. Answered at the request's reply subject.",
			"messages":    commandMessages,
			"parameters":  object{"psap": parameters["psap"], "type": object{"enum": api.Types()}},
		},
		"replies": object{
			"address": nil, "servers": []any{object{"$ref": "#/servers/bus"}},
			"messages": object{"reply": object{"$ref": "#/components/messages/reply"}},
		},
	}
}

func operations(console object) object {
	var sent, received []any
	for _, f := range frames {
		r := object{"$ref": "#/channels/console/messages/" + f.op}
		if f.fromServer {
			sent = append(sent, r)
		} else {
			received = append(received, r)
		}
	}
	return object{
		"toConsole":   object{"action": "send", "channel": object{"$ref": "#/channels/console"}, "messages": sent},
		"fromConsole": object{"action": "receive", "channel": object{"$ref": "#/channels/console"}, "messages": received},
		"publish":     object{"action": "send", "channel": object{"$ref": "#/channels/events"}},
		"serve": object{
			"action": "receive", "channel": object{"$ref": "#/channels/commands"},
			"reply": object{"channel": object{"$ref": "#/channels/replies"}},
		},
	}
}
