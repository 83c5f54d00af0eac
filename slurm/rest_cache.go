package slurm

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// kept is get, where an answer of the last hour will do. It asks ask for the request again before
// the answer is read anew, so that what a copy that could not be read left behind is dropped.
func (r *REST) kept(ctx context.Context, opt InspectOptions, ask func() restCall) error {
	k := ask()
	if opt.CacheDir == "" {
		_, err := r.get(ctx, k)
		return err
	}
	path := r.cachePath(ctx, opt, k.path)
	if text, ok := readCache(path); ok && !opt.Fresh {
		if a, err := readAnswer(bytes.NewReader(text), k.key, k.each); err == nil && len(a.errors) == 0 {
			if opt.cached != nil {
				opt.cached.Store(true)
			}
			return nil
		}
		k = ask()
	}
	var text bytes.Buffer
	k.copy = &text
	if _, err := r.get(ctx, k); err != nil {
		return err
	}
	if token, err := r.token(ctx); err == nil && (token == "" || !strings.Contains(text.String(), token)) {
		writeCache(path, cacheEntry{r.line(k), time.Now(), text.String()})
	}
	return nil
}

// cachePath tells apart whatever the answer depends on.
func (r *REST) cachePath(ctx context.Context, opt InspectOptions, path string) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{r.opt.Address, r.user(ctx), path}, "\x00")))
	return filepath.Join(opt.CacheDir, "slurmrestd-"+hex.EncodeToString(sum[:8])+".json")
}

// recall tries the version first that was there an hour ago at most: the others are asked for only
// where it is gone.
func (r *REST) recall(ctx context.Context, opt InspectOptions) {
	if opt.CacheDir == "" || opt.Fresh {
		return
	}
	text, ok := readCache(r.cachePath(ctx, opt, "version"))
	if n, err := strconv.Atoi(string(text)); ok && err == nil {
		r.first = restVersion(n)
	}
}

// remember keeps which version is there.
func (r *REST) remember(ctx context.Context, opt InspectOptions, v restVersion) {
	if opt.CacheDir != "" && (opt.Fresh || v != r.first) {
		writeCache(r.cachePath(ctx, opt, "version"), cacheEntry{"the version of slurmrestd at " + r.opt.Address, time.Now(), strconv.Itoa(int(v))})
	}
}
