package gpu

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestVisible(t *testing.T) {
	tests := []struct {
		value string
		want  []string
	}{
		{"", nil}, {"0", []string{"0"}}, {"2,3", []string{"2", "3"}}, {" 1 , 0 ", []string{"1", "0"}},
		{"-1", nil}, {"NoDevFiles", nil}, {"0,-1,1", []string{"0"}}, {"0,,1", []string{"0"}}, {"all", nil},
		{"GPU-5d8aba68,GPU-6e9bcb79", []string{"GPU-5d8aba68", "GPU-6e9bcb79"}},
		{"MIG-7839bf6f-ba33-59f0-89eb-01c8d8c4134d", []string{"MIG-7839bf6f-ba33-59f0-89eb-01c8d8c4134d"}},
		{"MIG-GPU-9de3d0e8-33f5-10dc-0c79-2c88a7ab0a23/2/0,1", []string{"MIG-GPU-9de3d0e8-33f5-10dc-0c79-2c88a7ab0a23/2/0", "1"}},
	}
	for _, tt := range tests {
		if got := Visible(tt.value); !slices.Equal(got, tt.want) {
			t.Errorf("%q: got %q, want %q", tt.value, got, tt.want)
		}
	}
}

func TestDivide(t *testing.T) {
	all := func(list string) []string { return strings.Fields(list) }
	tests := []struct {
		name  string
		names string
		slots int
		want  []string
	}{
		{"one slot has all", "0 1 2 3", 1, []string{"0 1 2 3"}},
		{"one each", "0 1 2 3", 4, []string{"0", "1", "2", "3"}},
		{"neighbours together", "4 5 6 7", 2, []string{"4 5", "6 7"}},
		{"in the names given", "GPU-a MIG-b", 2, []string{"GPU-a", "MIG-b"}},
		{"more slots than GPUs", "0 1", 4, []string{"0 1", "0 1", "0 1", "0 1"}},
		{"no multiple", "0 1 2", 2, []string{"0 1 2", "0 1 2"}},
		{"no GPUs", "", 2, []string{"", ""}},
		{"no slots", "0 1", 0, nil},
		{"none at all", "0 1", -1, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Divide(all(tt.names), tt.slots)
			if len(got) != len(tt.want) {
				t.Fatalf("got %q, want %q", got, tt.want)
			}
			for i := range got {
				if strings.Join(got[i], " ") != tt.want[i] {
					t.Errorf("slot %d: got %q, want %q", i, got[i], tt.want[i])
				}
			}
		})
	}
}

func TestDividedSharesDoNotGrowIntoEachOther(t *testing.T) {
	names := []string{"0", "1"}
	shares := Divide(names, 2)
	shares[0] = append(shares[0], "7")
	if shares[1][0] != "1" || names[1] != "1" {
		t.Errorf("got %q of %q", shares, names)
	}
}

func FuzzVisible(f *testing.F) {
	for _, seed := range []string{"0,1", "GPU-a,MIG-b/1/2", "-1", ",", "0,,x"} {
		f.Add(seed, 2)
	}
	f.Fuzz(func(t *testing.T, value string, slots int) {
		names := Visible(value)
		for _, name := range names {
			if name == "" || !strings.Contains(value, name) {
				t.Errorf("%q: got the name %q", value, name)
			}
		}
		dealt := map[string]bool{}
		for _, share := range Divide(names, slots%100) {
			for _, name := range share {
				dealt[name] = true
			}
		}
		for _, name := range names {
			if slots%100 > 0 && !dealt[name] {
				t.Errorf("%q over %d slots: nobody has %q", value, slots%100, name)
			}
		}
	})
}

func TestResolve(t *testing.T) {
	devices := []Device{
		{Index: 0, UUID: "GPU-aaaa-1", MIG: true, Instances: []Instance{{Index: 3, UUID: "MIG-x"}, {Index: 4, UUID: "MIG-GPU-aaaa-1/2/0"}}},
		{Index: 2, UUID: "GPU-bbbb-2"},
	}
	got, err := resolve([]string{"2", "GPU-aaaa", "MIG-x", "MIG-GPU-aaaa-1/2/0", "1", "GPU-c", "MIG-y"}, devices)
	want := []target{{"GPU-bbbb-2", "GPU-bbbb-2", 2, -1}, {"GPU-aaaa-1", "GPU-aaaa-1", 0, -1}, {"MIG-x", "GPU-aaaa-1", 0, 3}, {"MIG-GPU-aaaa-1/2/0", "GPU-aaaa-1", 0, 4}, {}, {}, {}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if err == nil || !strings.Contains(err.Error(), `no GPU "1"`) {
		t.Errorf("got %v, want the first name that stands for nothing", err)
	}
}

func TestUUIDs(t *testing.T) {
	devices := []Device{
		{Index: 0, UUID: "GPU-aaaa-1", MIG: true, Instances: []Instance{{Index: 3, UUID: "MIG-x"}, {Index: 4, UUID: "MIG-y"}}},
		{Index: 2, UUID: "GPU-bbbb-2"},
	}
	for value, want := range map[string]string{
		"2": "GPU-bbbb-2", "GPU-bbbb": "GPU-bbbb-2", "0": "MIG-x MIG-y", "GPU-a": "MIG-x MIG-y", "MIG-y,2": "MIG-y GPU-bbbb-2",
		"": "", "-1": "", "1": "", "2,1,0": "GPU-bbbb-2",
	} {
		if got := strings.Join(UUIDs(Visible(value), devices), " "); got != want {
			t.Errorf("%q: got %q, want %q", value, got, want)
		}
	}
}

func TestLinkWords(t *testing.T) {
	if got := (Link{Kind: nvLink, Count: 12}).String() + " " + (Link{Kind: "SYS"}).String(); got != "NV12 SYS" {
		t.Errorf("got %q", got)
	}
}

// TestHereAnswers: whatever this machine has, there is an answer soon, and a reason for nothing.
func TestHereAnswers(t *testing.T) {
	n := Here(context.Background())
	if len(n.Devices) == 0 && n.Reason == "" || n.Devices == nil || n.Links == nil || n.Unknown == nil {
		t.Errorf("got %+v", n)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if n := Here(ctx); len(n.Devices) == 0 && n.Reason == "" {
		t.Errorf("cancelled: got %+v", n)
	}
}

func TestWatchOfWhatIsNotThere(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	s := Watch([]string{"9999"}, func(r Reading) { t.Errorf("got a reading %+v", r) })
	select {
	case <-s.over:
	case <-time.After(10 * time.Second):
	}
	if err := s.Close(); err == nil {
		t.Error("got no error")
	}
}
