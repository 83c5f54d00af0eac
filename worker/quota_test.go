package worker

import (
	"os"
	"path/filepath"
	"testing"
)

func TestParseQuota(t *testing.T) {
	const head = "Disk quotas for user alice (uid 2001): \n     Filesystem  blocks   quota   limit   grace   files   quota   limit   grace\n"
	tests := []struct {
		name, text string
		want       Quota
		ok         bool
	}{
		{"quota", head + "nfs:/home  983040  900000 1000000       0     120    1000    2000       0        \n", Quota{983040, 900000, 1000000, 120, 1000, 2000}, true},
		{"exceeded", head + "/dev/sda1  983040* 900000 1000000  1795770000     2001*    1000    2000       1795770000\n", Quota{983040, 900000, 1000000, 2001, 1000, 2000}, true},
		{"none", "Disk quotas for user alice (uid 2001): none\n", Quota{}, false},
		{"lfs", "        /lustre    1024       0 2097152       -      12       0       0       -\n", Quota{1024, 0, 2097152, 12, 0, 0}, true},
		{"lfs, with a long name", "/lustre/scratch/projects\n  2100000* 2097152 2306867 6d23h 12 0 0 -\n", Quota{2100000, 2097152, 2306867, 12, 0, 0}, true},
		{"lfs, of which a server is silent", "/lustre [1024] 0 2097152 - 12 0 0 -\n", Quota{}, false},
		{"two file systems", head + "/dev/a 1 2 3 0 4 5 6 0\n/dev/b 1 2 3 0 4 5 6 0\n", Quota{}, false},
		{"a message", "quota: Mountpoint (or device) /home not found or has no quota enabled.\n", Quota{}, false},
		{"nothing", "", Quota{}, false},
	}
	for _, tt := range tests {
		if got, ok := parseQuota(tt.text); got != tt.want || ok != tt.ok {
			t.Errorf("%s: got %+v, %v; want %+v, %v", tt.name, got, ok, tt.want, tt.ok)
		}
	}
}

func TestQuotaLimits(t *testing.T) {
	q := Quota{SoftKiB: 0, HardKiB: 7, FilesSoft: 3, FilesHard: 5}
	if q.LimitKiB() != 7 || q.FilesLimit() != 3 || (Quota{SoftKiB: 4}).LimitKiB() != 4 {
		t.Errorf("got %d KiB, %d files", q.LimitKiB(), q.FilesLimit())
	}
}

// TestFolderQuota: the program that fits the file system is asked, of the file system and not of the folder, and what
// it prints counts though it ends with an error.
func TestFolderQuota(t *testing.T) {
	bin := t.TempDir()
	for name, words := range map[string]string{"quota": "/dev/a 5 6 7 0 1 2 3 0", "lfs": "/lustre 50 60 70 - 1 2 3 -"} {
		script := "#!/bin/sh\necho \"$*\" >" + bin + "/asked\necho '" + words + "'\nexit 1\n"
		if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	asked := func() string {
		text, _ := os.ReadFile(bin + "/asked")
		return string(text)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	if q, ok := FolderQuota(t.Context(), "/proc/self/fd", false); !ok || q.UsedKiB != 5 || asked() != "-u -w -p -f /proc\n" {
		t.Errorf("got %+v, %v; asked %q", q, ok, asked())
	}
	if q, ok := FolderQuota(t.Context(), bin, true); !ok || q.UsedKiB != 50 || asked() != "quota -q -u 0 "+bin+"\n" && os.Getuid() == 0 {
		t.Errorf("got %+v, %v; asked %q", q, ok, asked())
	}
	t.Setenv("PATH", t.TempDir())
	if q, ok := FolderQuota(t.Context(), bin, false); ok {
		t.Errorf("without the program: got %+v", q)
	}
}

func FuzzQuota(f *testing.F) {
	f.Add("Disk quotas for user alice (uid 2001): \n Filesystem blocks quota limit grace files quota limit grace\n/dev/a 5* 6 7 0 1 2 3 0\n")
	f.Add("/lustre\n 50 60 70 - 1 2 3 -\n")
	f.Fuzz(func(t *testing.T, text string) {
		if q, ok := parseQuota(text); ok && (q.UsedKiB < 0 || q.LimitKiB() < 0 || q.FilesUsed < 0 || q.FilesLimit() < 0) {
			t.Errorf("got %+v", q)
		}
	})
}
