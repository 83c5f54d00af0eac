package main

import (
	"bytes"
	"strings"
	"testing"

	"hpcsub/configs"
	"hpcsub/trials"
)

// TestPrintVariants: what is known of a speedup is said of those that have one; a variant that failed took it from the others.
func TestPrintVariants(t *testing.T) {
	variant := func(name string, pairs int) trials.Variant {
		v := trials.Variant{Name: name, Pairs: pairs}
		if pairs > 0 {
			low, speedup, high := 2.8, 3.0, 3.2
			v.Low, v.Speedup, v.High = &low, &speedup, &high
		}
		return v
	}
	for _, tt := range []struct {
		name     string
		variants []trials.Variant
		want     string
	}{
		{"many runs", []trials.Variant{variant("quick", 15)}, "from–to holds the speedup with a confidence of 95 %"},
		{"many runs, and one that failed", []trials.Variant{variant("quick", 15), variant("broken", 0)}, "from–to holds the speedup with a confidence of 95 %"},
		{"few runs", []trials.Variant{variant("quick", 15), variant("slow", 5)}, "from–to are the least and the greatest speedup"},
		{"all failed", []trials.Variant{variant("broken", 0)}, ""},
	} {
		var text bytes.Buffer
		printVariants(&output{stdout: &text}, trials.Report{Variants: tt.variants})
		_, said, _ := strings.Cut(text.String(), "\nfrom–to")
		if got := "from–to" + said; (said == "") != (tt.want == "") || !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, text.String(), tt.want)
		}
	}
}

// TestNameVariants: a variant whose turn did not come was left out without a word.
func TestNameVariants(t *testing.T) {
	job := &configs.Job{Variants: []configs.Variant{{Name: "quick"}, {Name: "last"}}}
	median := 1.0
	for _, tt := range []struct {
		name string
		r    trials.Report
		want string
	}{
		{"both tried", trials.Report{Elapsed: trials.Elapsed{Median: &median}, Variants: make([]trials.Variant, 2)}, "quick: ; last: "},
		{"one tried", trials.Report{Elapsed: trials.Elapsed{Median: &median}, Variants: make([]trials.Variant, 1), End: trials.EndBudget}, "quick: ; last: not tried: the budget is used up"},
		{"nothing ended well", trials.Report{End: trials.EndFailing}, ""},
	} {
		trialRun{work: &work{job: job}}.nameVariants(&tt.r)
		var got []string
		for _, v := range tt.r.Variants {
			got = append(got, v.Name+": "+v.Verdict)
		}
		if strings.Join(got, "; ") != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
