package configs

import (
	"strings"
	"testing"
)

// TestWithCosts: what is written is read again, everything else stays, and a second calibration replaces the first.
func TestWithCosts(t *testing.T) {
	const before = "# ours\ntimeout = \"5s\"\n\n[costs]\n# by hand\ndask_start_s = 9\njob_start_s = 7\n"
	site, err := ParseSite("site.toml", []byte(before))
	if err != nil {
		t.Fatal(err)
	}
	measured := CostRange{Low: Costs{JobStart: 0.1, ArrayRate: 40}, Middle: Costs{JobStart: 0.2, ArrayRate: 50}, High: Costs{JobStart: 0.5, ArrayRate: 60}}
	text := WithCosts([]byte(before), measured.Over(site.Costs), "measured")
	again := WithCosts(text, measured.Over(site.Costs), "measured again")
	for _, text := range [][]byte{text, again} {
		site, err := ParseSite("site.toml", text)
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		c := site.Costs
		if c.Low.JobStart != 0.1 || c.Middle.ArrayRate != 50 || c.High.JobStart != 0.5 || c.Middle.DaskStart != 9 || site.Timeout != 5e9 {
			t.Errorf("got %+v of\n%s", c, text)
		}
		if strings.Count(string(text), "[costs]") != 1 || strings.Count(string(text), costsNote) != 1 || !strings.HasPrefix(string(text), "# ours\n") {
			t.Errorf("got\n%s", text)
		}
	}
	if got := string(WithCosts(nil, measured, "x")); !strings.HasPrefix(got, "# Costs: x\n[costs]\njob_start_s = [0.1, 0.2, 0.5]\n") {
		t.Errorf("of nothing: got %q", got)
	}
}
