package api_test

import (
	"encoding/json"
	"testing"

	"text911/psap/api"
)

// Whatever the data of a command, there is an answer that is JSON, and a refusal has a code and a
// status.
func FuzzDispatch(f *testing.F) {
	for i, typ := range api.Types() {
		f.Add(uint8(i), []byte(`{"call":"c","fence":1,"text":"x","message":"m","state":"ready","limit":3,"after":1}`))
		f.Add(uint8(i), []byte(typ))
	}
	f.Fuzz(func(t *testing.T, n uint8, data []byte) {
		types := api.Types()
		typ := types[int(n)%len(types)]
		d := &desk{}
		r := api.NewService(d, nil).Do(t.Context(), ann, api.Command{ID: "1", Type: typ, Data: data})
		if _, err := json.Marshal(r); err != nil {
			t.Fatal(err)
		}
		if r.OK == (r.Error != nil) || r.Error != nil && (r.Error.Code == "" || r.Error.Status < 400) {
			t.Fatalf("%s: %+v", typ, r)
		}
	})
}
