package trials

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
)

// Log is what a trial has written so far.
type Log struct {
	Measurements []Measurement
	End          string // why it ended; "" while it goes on, or where it was killed
}

// line is a line of the file: a measurement, or the end.
type line struct {
	Measurement
	End string `json:"end,omitempty"`
}

// Append adds a measurement to the text of a log.
func (m Measurement) Append(text []byte) ([]byte, error) {
	b, err := json.Marshal(m)
	return append(append(text, b...), '\n'), err
}

// EndLine is the last line of a log.
func EndLine(reason string) ([]byte, error) {
	b, err := json.Marshal(map[string]string{"end": reason})
	return append(b, '\n'), err
}

// ReadLog reads a log. Lines that are torn, by a kill or a full disk, are passed over.
func ReadLog(r io.Reader) (Log, error) {
	var log Log
	in := bufio.NewReader(r)
	for {
		text, err := in.ReadBytes('\n')
		var l line
		if text = bytes.TrimSpace(text); len(text) > 0 && json.Unmarshal(text, &l) == nil {
			if l.End != "" {
				log.End = l.End
			} else if l.Phase != "" {
				log.Measurements = append(log.Measurements, l.Measurement)
			}
		}
		if err == io.EOF {
			return log, nil
		}
		if err != nil {
			return log, err
		}
	}
}
