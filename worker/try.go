package worker

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// tryPatience is how long a program of this machine may take that is only asked something.
const tryPatience = 30 * time.Second

// Try runs a program that is asked something and returns what it printed; the error has its last line.
func Try(ctx context.Context, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, tryPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = time.Second
	text, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		err = fmt.Errorf("%s gave no answer within %s", name, tryPatience)
	}
	if lines := strings.Split(strings.TrimSpace(string(text)), "\n"); err != nil && lines[len(lines)-1] != "" {
		err = fmt.Errorf("%w: %s", err, lines[len(lines)-1])
	}
	return string(text), err
}
