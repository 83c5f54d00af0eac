package slurm

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// restAnswer is what every answer has around its list.
type restAnswer struct {
	errors  []restError
	release string // of Slurm; "" before v0.0.36
	cluster string // "" before v0.0.40
	storage string // the accounting plugin; "" before v0.0.40
	jobID   restNumber
}

// restError is an error in an answer. The versions name its parts differently.
type restError struct {
	Description restText   `json:"description"`
	Text        restText   `json:"error"`
	Number      restNumber `json:"error_number"`
	Code        restNumber `json:"error_code"`
	Errno       restNumber `json:"errno"`
}

// number is Slurm's own (slurm_errno.h); 0 where it is not told.
func (e restError) number() int64 { return e.Number.n + e.Code.n + e.Errno.n }

func (a restAnswer) has(number int64) bool {
	for _, e := range a.errors {
		if e.number() == number {
			return true
		}
	}
	return false
}

// words are Slurm's, each once.
func (a restAnswer) words() string {
	var all []string
	for _, e := range a.errors {
		for _, text := range []string{string(e.Description), string(e.Text)} {
			if text != "" && !strings.Contains(strings.Join(all, ": "), text) {
				all = append(all, text)
			}
		}
	}
	if len(all) == 0 {
		return "an error without words"
	}
	const most = 1000
	if text := strings.Join(all, ": "); len(text) <= most {
		return text
	}
	return strings.Join(all, ": ")[:most] + "…"
}

// readAnswer reads an answer and hands each element of the list, or object, under key to each.
// Elements are read one by one: the text of ten thousand nodes is never held as a whole.
func readAnswer(r io.Reader, key string, each func(*json.Decoder) error) (a restAnswer, err error) {
	d := json.NewDecoder(r)
	if err := expect(d, '{'); err != nil {
		return a, err
	}
	seen := false
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return a, cutOff(err)
		}
		text, _ := name.(string)
		switch {
		case strings.EqualFold(text, key) && strings.HasSuffix(key, "_conf"):
			seen = true
			err = each(d)
		case strings.EqualFold(text, key):
			seen = true
			err = eachElement(d, each)
		default:
			err = a.part(text, d)
		}
		if err != nil {
			return a, fmt.Errorf("%s: %w", text, cutOff(err))
		}
	}
	if err := expect(d, '}'); err != nil {
		return a, err
	}
	if !seen && key != "" && len(a.errors) == 0 {
		return a, fmt.Errorf("there is no %q in it", key)
	}
	return a, nil
}

// part reads what is not the list.
func (a *restAnswer) part(name string, d *json.Decoder) error {
	switch name {
	case "errors":
		return d.Decode(&a.errors)
	case "job_id":
		return d.Decode(&a.jobID)
	case "meta":
		var m restMeta
		err := d.Decode(&m)
		a.release, a.cluster, a.storage = string(m.Slurm.Release), string(m.Slurm.Cluster), string(m.Plugin.Storage)
		return err
	}
	var skip json.RawMessage
	return d.Decode(&skip)
}

// restMeta matches "Slurm", as old versions write it, and "slurm".
type restMeta struct {
	Slurm struct {
		Release restText `json:"release"`
		Cluster restText `json:"cluster"`
	} `json:"slurm"`
	Plugin struct {
		Storage restText `json:"accounting_storage"`
	} `json:"plugin"`
}

// eachElement walks a list, or an object whose keys are the elements' names (v0.0.35).
func eachElement(d *json.Decoder, each func(*json.Decoder) error) error {
	start, err := d.Token()
	if err != nil || start == nil {
		return err
	}
	delim, ok := start.(json.Delim)
	if !ok {
		return fmt.Errorf("want a list, got %.40q", fmt.Sprint(start))
	}
	for d.More() {
		if delim == '{' {
			if _, err := d.Token(); err != nil {
				return err
			}
		}
		if err := each(d); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

func expect(d *json.Decoder, want json.Delim) error {
	got, err := d.Token()
	if err != nil {
		return cutOff(err)
	}
	if got != want {
		return fmt.Errorf("want %q, got %.40q", want.String(), fmt.Sprint(got))
	}
	return nil
}

func cutOff(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("the text is cut off: %w", io.ErrUnexpectedEOF)
	}
	return err
}
