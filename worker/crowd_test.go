package worker

import "testing"

func TestAvailableMemory(t *testing.T) {
	tests := []struct {
		text  string
		mib   int
		known bool
	}{
		{"MemTotal:       24689764 kB\nMemFree:         1000000 kB\nMemAvailable:    2097152 kB\nBuffers: 5 kB\n", 2048, true},
		{"MemTotal:       24689764 kB\nMemFree:         1000000 kB\n", 0, false}, // before Linux 3.14
		{"MemAvailable: many kB\n", 0, false},
	}
	for _, tt := range tests {
		if mib, known := availableMiB([]byte(tt.text)); known != tt.known || known && mib != tt.mib {
			t.Errorf("%q: got %d, %v, want %d, %v", tt.text, mib, known, tt.mib, tt.known)
		}
	}
}
