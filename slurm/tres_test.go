package slurm

import (
	"reflect"
	"testing"
)

func TestParseTRES(t *testing.T) {
	tests := []struct {
		input string
		want  map[string]int
	}{
		{"cpu=4,mem=62.50G,node=1,billing=4", map[string]int{"cpu": 4, "mem": 64000, "node": 1, "billing": 4}},
		{"cpu=16,gres/gpu:a100=2,energy=77,fs/disk=N", map[string]int{"cpu": 16, "gres/gpu:a100": 2}},
		{"", nil}, {"(null)", nil},
	}
	for _, tt := range tests {
		if got, err := parseTRES(tt.input); err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("parseTRES(%q) = %v, %v; want %v", tt.input, got, err, tt.want)
		}
	}
	for _, input := range []string{"cpu", "cpu=", "cpu=-1", "mem=lots", "=4", "cpu=4,,"} {
		if got, err := parseTRES(input); err == nil {
			t.Errorf("parseTRES(%q) = %v, want an error", input, got)
		}
	}
}

func TestParseTRESUse(t *testing.T) {
	limit, use, err := parseTRESUse("cpu=16(12),mem=N(16000),energy=5(1),gres/gpu=2(2),node=N(0)")
	wantLimit, wantUse := map[string]int{"cpu": 16, "gres/gpu": 2}, map[string]int{"cpu": 12, "gres/gpu": 2}
	if err != nil || !reflect.DeepEqual(limit, wantLimit) || !reflect.DeepEqual(use, wantUse) {
		t.Errorf("got %v, %v, %v; want %v, %v", limit, use, err, wantLimit, wantUse)
	}
	for _, input := range []string{"cpu=16(", "cpu=16(1", "cpu=x(1)", "cpu16(1)", "cpu=16(1)x"} {
		if _, _, err := parseTRESUse(input); err == nil {
			t.Errorf("parseTRESUse(%q): want an error", input)
		}
	}
}

func TestParseGRES(t *testing.T) {
	tests := []struct {
		input string
		want  []GRES
	}{
		{"gpu:a100:4(S:0-1)", []GRES{{Name: "gpu", Type: "a100", Count: 4, Sockets: []int{0, 1}}}},
		{"gpu:a100_1g.5gb:7(S:0,3)", []GRES{{Name: "gpu", Type: "a100_1g.5gb", Count: 7, Sockets: []int{0, 3}, Part: "mig"}}},
		{"gpu:1g.10gb+me:1,gpu:3c.4g.20gb:1", []GRES{{Name: "gpu", Type: "1g.10gb+me", Count: 1, Part: "mig"}, {Name: "gpu", Type: "3c.4g.20gb", Count: 1, Part: "mig"}}},
		{"gpu:h100_80gb:8", []GRES{{Name: "gpu", Type: "h100_80gb", Count: 8}}},
		{"shard:(null):3(1/4,2/4),mps:400", []GRES{{Name: "shard", Count: 3, Part: "shard"}, {Name: "mps", Count: 400, Part: "mps"}}},
		{"gpu:a100:2(IDX:0,2),gpu:v100:1,shard:8", []GRES{
			{Name: "gpu", Type: "a100", Count: 2}, {Name: "gpu", Type: "v100", Count: 1}, {Name: "shard", Count: 8, Part: "shard"}}},
		{"gpu:0", []GRES{{Name: "gpu"}}},
		{"gpu", []GRES{{Name: "gpu", Count: 1}}},
		{"gpu:a100", []GRES{{Name: "gpu", Type: "a100", Count: 1}}},
		{"bandwidth:lustre:no_consume:4K", []GRES{{Name: "bandwidth", Type: "lustre", Count: 4096}}},
		{"gpu:a100:0(IDX:N/A)", []GRES{{Name: "gpu", Type: "a100"}}},
		{"(null)", nil},
	}
	for _, tt := range tests {
		for i := range tt.want {
			if tt.want[i].Sockets == nil { // known to be none
				tt.want[i].Sockets = []int{}
			}
		}
		if got, err := parseGRES(tt.input); err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("parseGRES(%q) = %v, %v; want %v", tt.input, got, err, tt.want)
		}
	}
	for _, input := range []string{"gpu:a100:x", ":4", "gpu:a:b:4", "gpu:4,"} {
		if got, err := parseGRES(input); err == nil {
			t.Errorf("parseGRES(%q) = %v, want an error", input, got)
		}
	}
}

func TestUseWithoutATypeCountsForTheOnlyType(t *testing.T) {
	tests := []struct {
		name       string
		have, used string
		want       []int
	}{
		{"the same type", "gpu:a100:4,gpu:v100:2", "gpu:v100:1", []int{0, 1}},
		{"no type, one kind", "gpu:a100:4", "gpu:3", []int{3}},
		{"no type, two kinds: not guessed", "gpu:a100:4,gpu:v100:2", "gpu:3", []int{0, 0}},
		{"another resource", "gpu:a100:4", "shard:3", []int{0}},
	}
	for _, tt := range tests {
		have, err1 := parseGRES(tt.have)
		used, err2 := parseGRES(tt.used)
		addUse(have, used)
		var got []int
		for _, g := range have {
			got = append(got, g.Used)
		}
		if err1 != nil || err2 != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %v, want %v (%v, %v)", tt.name, got, tt.want, err1, err2)
		}
	}
}

func TestParseWallUse(t *testing.T) {
	for _, tt := range []struct {
		text      string
		limit     int // seconds; -1 = none
		used      int
		wantError bool
	}{
		{"", -1, 0, false}, {"N(0.35)", -1, 0, false}, {"60(0.35)", 3600, 0, false}, {"60(61.25)", 3600, 3660, false}, {"0(0.00)", 0, 0, false},
		{"60(1.2", 0, 0, true}, {"60(1.x)", 0, 0, true}, {"60.5", 0, 0, true}, {"x(0.00)", 0, 0, true},
	} {
		limit, used, err := parseWallUse(tt.text)
		if (err != nil) != tt.wantError {
			t.Errorf("%q: got error %v", tt.text, err)
			continue
		}
		if got := limit; err == nil && ((got == nil) != (tt.limit < 0) || got != nil && *got != tt.limit || used != tt.used) {
			t.Errorf("%q: got %v, %d used", tt.text, got, used)
		}
	}
}

func TestParseWeights(t *testing.T) {
	for text, want := range map[string]map[string]float64{
		"":                              nil,
		"(null)":                        nil,
		"CPU=1.0,Mem=0.25G":             {"cpu": 1, "mem": 0.25 / 1024},
		"Mem=2":                         {"mem": 2},
		"mem=1K,GRES/gpu=-0.5":          {"mem": 1024, "gres/gpu": -0.5},
		"GRES/gpu:A100=9,License/MAT=3": {"gres/gpu:A100": 9, "license/mat": 3},
		"node=2K":                       {"node": 2. / 1024},
	} {
		if got, err := parseWeights(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"CPU", "CPU=", "CPU=x", "=1", "CPU=1,", "CPU=NaN", "CPU=1e400"} {
		if got, err := parseWeights(text); err == nil {
			t.Errorf("%q: got %v, want an error", text, got)
		}
	}
}
