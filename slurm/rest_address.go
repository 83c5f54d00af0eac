package slurm

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// dialer reads an address and returns what connects to it. No proxy of the environment comes
// between: the token is for slurmrestd alone.
func (r *REST) dialer(address string) (*http.Transport, error) {
	transport := &http.Transport{MaxIdleConnsPerHost: 2, IdleConnTimeout: 5 * time.Second}
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		path = "/" + strings.TrimLeft(path, "/") // unix:///path is the same
		if !strings.HasPrefix(address, "unix:/") || !filepath.IsAbs(path) {
			return nil, fmt.Errorf("want unix: and an absolute path, got %q", address)
		}
		r.base, r.unix = "http://localhost", true
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		}
		return transport, nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("want http://host:6820, https://host or unix:/path, got %q", address)
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("want a host and perhaps a path before /slurm/…, got %q", u.Redacted())
	}
	r.base = strings.TrimRight(u.String(), "/")
	return transport, nil
}

// trust reads the certificates of who may vouch for slurmrestd, or for what stands before it.
func trust(path string) (*tls.Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the certificates for slurmrestd: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("the certificates for slurmrestd: there is none in %s: want PEM, -----BEGIN CERTIFICATE-----", path)
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}
