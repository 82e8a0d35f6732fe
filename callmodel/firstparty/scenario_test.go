package firstparty_test

import (
	"testing"

	"text911/callmodel"
	"text911/callmodel/callmodeltest"
	"text911/callmodel/eventjson"
	"text911/callmodel/firstparty"
	"text911/fixtures/scenarios"
)

func TestScenarios(t *testing.T) {
	callmodeltest.Suite{
		FS:  scenarios.FirstParty(),
		Dir: "../../fixtures/scenarios/firstparty",
		Make: func(set func(any) error) (callmodel.Machine, error) {
			var cfg firstparty.Config
			err := set(&cfg)
			return firstparty.New(cfg), err
		},
		Recode: recode,
	}.Check(t)
}

// recode takes an event through the form it has in the log.
func recode(ev callmodel.Event) (callmodel.Event, error) {
	raw, err := eventjson.Encode("psap.example", ev)
	if err != nil {
		return ev, err
	}
	_, got, err := eventjson.Decode(eventjson.AppendWithSeq(nil, raw, ev.Seq))
	return got, err
}
