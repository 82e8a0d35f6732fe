package leg

import (
	"hash/maphash"
	"slices"
	"strings"

	"text911/callmodel"
	"text911/engine/sipua"
)

// Limits on what an INVITE brings into the log beside the texts.
const (
	maxLocations  = 16
	maxAdditional = 32
	maxLanguages  = 8
)

const emergencyData = "application/emergencycalldata."

// offer is what the log keeps of an INVITE, and how many of its locations could not be read.
func (g *Gateway) offer(l *leg, in *sipua.Invitation) (callmodel.CallOffered, int) {
	locations, bad := g.locations(&in.Facts)
	l.isNews(locations)
	o := callmodel.CallOffered{
		Mode: callmodel.FirstParty, PSAP: l.psap, Trunk: l.trunk, Bearer: callmodel.BearerMSRP,
		Caller: caller(&in.Facts), QueueURI: in.Queue, Priority: priority(in.ResourcePriority),
		Locations: locations, Additional: additional(&in.Facts),
		IDs: callmodel.Identifiers{EmergencyCall: callmodel.EmergencyCallID(in.EmergencyCallID),
			Incident: callmodel.IncidentID(in.IncidentID), Source: in.Source, SIPCallID: in.CallID},
	}
	if urn := strings.ToLower(in.RequestURI); strings.HasPrefix(urn, "urn:") {
		o.ServiceURN = in.RequestURI
		o.Test = strings.HasPrefix(urn, "urn:service:test.sos") // NENA-STA-010.3 §9
	}
	// NENA-STA-010.3 §2.1.6, §2.1.7: the first element that misses them makes them.
	if o.IDs.EmergencyCall == "" {
		o.IDs.EmergencyCall = callmodel.EmergencyCallID("urn:emergency:uid:callid:" + g.cfg.NewID() + ":" + g.cfg.Element)
	}
	if o.IDs.Incident == "" {
		o.IDs.Incident = callmodel.IncidentID("urn:emergency:uid:incidentid:" + g.cfg.NewID() + ":" + g.cfg.Element)
	}
	if l.agreed {
		o.Languages = append(o.Languages, l.stream.Remote.SendLanguages...)
	}
	for _, tag := range in.Language {
		if !slices.Contains(o.Languages, tag) {
			o.Languages = append(o.Languages, tag)
		}
	}
	o.Languages = o.Languages[:min(len(o.Languages), maxLanguages)]
	return o, bad
}

// caller is who to call back: the asserted identity before From, a sip URI before a tel one as they
// come (NENA-STA-010.3 §4.20).
func caller(f *sipua.Facts) callmodel.Party {
	from := callmodel.Party{Address: f.From.URI, Name: f.From.Name, Verstat: f.From.Verstat}
	if len(f.Asserted) == 0 {
		return from
	}
	a := f.Asserted[0]
	p := callmodel.Party{Address: a.URI, Name: a.Name, Verstat: a.Verstat, Asserted: true}
	if p.Name == "" {
		p.Name = from.Name
	}
	if p.Verstat == "" {
		p.Verstat = from.Verstat
	}
	return p
}

// priority is the value of namespace esnet; others mean nothing here (RFC 7135).
func priority(values []string) string {
	for _, v := range values {
		if strings.HasPrefix(strings.ToLower(v), "esnet.") {
			return v
		}
	}
	return ""
}

// locations reads everything Geolocation names, in order, and location parts that nothing names.
// What cannot be read is passed over: the ESRP leaves a broken original beside its stand-in
// (NENA-STA-010.3 §4.2.1.7). A position of the caller comes before a default one, and values before
// references, which somebody else has to fetch.
func (g *Gateway) locations(f *sipua.Facts) (found []callmodel.Location, bad int) {
	used := map[string]bool{}
	take := func(p sipua.Part) {
		list, err := readLocation(p.Body)
		if err != nil || len(list) == 0 {
			bad++
			g.count.garbledLocations.Add(1)
			return
		}
		found = append(found, list...)
	}
	for _, uri := range f.Geolocation {
		if len(found) >= maxLocations {
			break
		}
		ref := uri.Reveal()
		if len(ref) < 4 || !strings.EqualFold(ref[:4], "cid:") {
			found = append(found, callmodel.Location{Shape: "reference", Reference: uri})
			continue
		}
		if p, ok := f.Part(ref); ok {
			used[p.ID] = true
			take(p)
		} else {
			bad++
		}
	}
	for _, p := range f.Parts {
		if p.ContentType == "application/pidf+xml" && (p.ID == "" || !used[p.ID]) && len(found) < maxLocations {
			take(p)
		}
	}
	rank := func(l callmodel.Location) int {
		switch {
		case l.Reference != "":
			return 2
		case l.Default:
			return 1
		}
		return 0
	}
	slices.SortStableFunc(found, func(a, b callmodel.Location) int { return rank(a) - rank(b) })
	return found[:min(len(found), maxLocations)], bad
}

// additional gathers the blocks of Additional Data that Call-Info names, and the parts of their
// types that nothing names (RFC 7852 §6).
func additional(f *sipua.Facts) (out []callmodel.AdditionalData) {
	used := map[string]bool{}
	for _, b := range f.AdditionalData {
		uri := b.URI.Reveal()
		if len(uri) < 4 || !strings.EqualFold(uri[:4], "cid:") {
			out = append(out, callmodel.AdditionalData{Block: b.Name, Reference: uri})
			continue
		}
		if p, ok := f.Part(uri); ok && !used[p.ID] {
			used[p.ID] = true
			out = append(out, callmodel.AdditionalData{Block: b.Name, Value: p.Body})
		}
	}
	for _, p := range f.Parts {
		block, ok := strings.CutPrefix(p.ContentType, emergencyData)
		if ok && (p.ID == "" || !used[p.ID]) {
			out = append(out, callmodel.AdditionalData{Block: strings.TrimSuffix(block, "+xml"), Value: p.Body})
		}
	}
	return out[:min(len(out), maxAdditional)]
}

// isNews says whether locations differ from those of the last message that had some: a refresh
// repeats what it said before.
func (l *leg) isNews(found []callmodel.Location) bool {
	var h maphash.Hash
	h.SetSeed(l.gw.seed)
	for _, f := range found {
		_, _ = h.WriteString(f.Raw.Reveal() + "|" + f.Reference.Reveal() + "|")
	}
	sum := h.Sum64()
	l.mu.Lock()
	defer l.mu.Unlock()
	if sum == l.places {
		return false
	}
	l.places = sum
	return true
}

// moved tells the engine of locations in a later message of the dialog.
func (l *leg) moved(f sipua.Facts) {
	found, bad := l.gw.locations(&f)
	if len(found) > 0 && !l.isNews(found) {
		return
	}
	for _, loc := range found {
		l.sayForNow(callmodel.LocationFound{Location: loc})
	}
	if len(found) == 0 && bad > 0 {
		l.sayForNow(callmodel.LocationNotFound{Cause: callmodel.Cause{Class: callmodel.ClassTheirs, Reason: "location_garbled"}})
	}
}
