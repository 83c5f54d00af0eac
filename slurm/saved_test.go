package slurm

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestReadClusterGivesBackWhatWasSaved(t *testing.T) {
	saved := recordedAnswers(t, "24.11").picture(alice, taken)
	data, err := json.Marshal(saved)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "c.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := ReadCluster(path)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := json.Marshal(got); err != nil || string(again) != string(data) {
		t.Errorf("got  %s, %v\nwant %s", again, err, data)
	}
	if want := saved.Partition("long").NodeList; !reflect.DeepEqual(got.Partition("long").NodeList, want) {
		t.Errorf("got nodes %q, want %q", got.Partition("long").NodeList, want)
	}
}

func TestReadClusterSaysWhatIsWrong(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"cut", `{"name":"lab","partitions":[`, "it is cut off"},
		{"nothing", "", "it is empty"},
		{"not JSON", "name = 1", "invalid character"},
		{"another file", `{"items": 3}`, "no partitions and nodes"},
		{"negative", `{"partitions":[{"name":"p"}],"nodes":[{"name":"n","cpus":-4}]}`, `node "n"`},
	}
	for _, tt := range tests {
		path := filepath.Join(t.TempDir(), "c.json")
		if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadCluster(path); err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v, want %q and the path", tt.name, err, tt.want)
		}
	}
	if _, err := ReadCluster("/nonexistent/c.json"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
