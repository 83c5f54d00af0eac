package worker

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"hpcsub/items"
)

// The files of a meeting folder by which the processes of one life of a job trust each other. Whoever can read
// the run can, and nobody else: the folder is 0700, they are 0600, and no command line has them.
const (
	secretFile      = "secret"   // of Pathos' servers
	authorityFile   = "ca.pem"   // signed the certificate, and no other one: its key is thrown away
	certificateFile = "cert.pem" // of every process of Dask
	privateFile     = "key.pem"
)

// day is how long keys are good for, where a job may not run for longer.
const day = 24 * time.Hour

// makeKeys is `hpcsub worker keys --attempt DIR`: a script runs it before its step, so that the files are
// there when other nodes first look.
func makeKeys(args []string, env lookup) error {
	var attempt string
	var seconds float64
	f := flag.NewFlagSet("worker keys", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&attempt, "attempt", "", "the attempt's folder")
	f.Float64Var(&seconds, "time-limit-s", 0, "the Slurm job's time limit in seconds")
	if err := f.Parse(args); err != nil {
		return err
	}
	if attempt == "" {
		return errors.New("--attempt DIR is missing")
	}
	dir := items.AttemptDir(attempt).Meeting(jobID(env), int(variable(env, "SLURM_RESTART_COUNT")))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making a folder for keys: %w", err)
	}
	files, err := newKeys(time.Now(), max(day, time.Duration(seconds*float64(time.Second))+time.Hour))
	if err != nil {
		return fmt.Errorf("making keys: %w", err)
	}
	for name, text := range files {
		err := items.WriteFile(filepath.Join(dir, name), func(w io.Writer) error {
			_, err := w.Write(text)
			return err
		})
		if err != nil {
			return fmt.Errorf("writing keys: %w", err)
		}
	}
	return nil
}

// newKeys makes a secret, and a certificate with the authority that signed it.
func newKeys(now time.Time, valid time.Duration) (map[string][]byte, error) {
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "hpcsub, for one job"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(valid), // the clocks of nodes differ
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "hpcsub, in one job"},
		NotBefore: authority.NotBefore, NotAfter: authority.NotAfter, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	ca, err := x509.CreateCertificate(rand.Reader, authority, authority, &signer.PublicKey, signer)
	if err != nil {
		return nil, err
	}
	parent, err := x509.ParseCertificate(ca) // with the id of its key, which strict readers want in the other
	if err != nil {
		return nil, err
	}
	cert, err := x509.CreateCertificate(rand.Reader, leaf, parent, &key.PublicKey, signer)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	return map[string][]byte{
		secretFile:      []byte(rand.Text() + rand.Text()),
		authorityFile:   block("CERTIFICATE", ca),
		certificateFile: block("CERTIFICATE", cert),
		privateFile:     block("PRIVATE KEY", private),
	}, err
}

func block(kind string, bytes []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes})
}
