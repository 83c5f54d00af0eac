package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestJSONIsRounded(t *testing.T) {
	sum, tiny := 0.30000000000000004, 0.0000034567891
	type part struct {
		Seconds float64  `json:"s"`
		Maybe   *float64 `json:"maybe"`
	}
	value := map[string]any{
		"part":   part{11.000000000000002, &sum},
		"parts":  []part{{60.172000000000004, nil}},
		"ends":   [2]float64{tiny, -sum},
		"moment": 1795788742.286338,
		"whole":  1 << 60,
		"huge":   1e300,
		"least":  5e-324,
		"raw":    json.RawMessage(`[0.30000000000000004]`),
		"at":     time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC),
		"none":   nil,
		"empty":  []float64{},
	}
	var b bytes.Buffer
	if err := (&output{stdout: &b}).json(value); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(strings.Fields(b.String()), "")
	want := `{"at":"2026-01-02T03:04:05.000000006Z","empty":[],"ends":[0.00000345679,-0.3],"huge":1e+300,"least":5e-324,"moment":1795788742.286338,"none":null,` +
		`"part":{"s":11,"maybe":0.3},"parts":[{"s":60.172,"maybe":null}],"raw":[0.30000000000000004],"whole":1152921504606846976}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if sum == 0.3 {
		t.Error("the value itself was changed")
	}
}
