//go:build !cgo || !linux

package gpu

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// instanceUse is the memory of one instance; -1 = not known.
type instanceUse struct {
	gpu         string // the GPU's UUID
	index       int
	total, used float64 // MiB
}

// gpuElement is the part of `nvidia-smi -q -x` that is about instances. The UUIDs of instances are
// not in it; `nvidia-smi -L` has them.
type gpuElement struct {
	UUID      string `xml:"uuid"`
	Instances []struct {
		Index string `xml:"index"`
		Total string `xml:"fb_memory_usage>total"`
		Used  string `xml:"fb_memory_usage>used"`
	} `xml:"mig_devices>mig_device"`
}

// readInstances reads the documents that `nvidia-smi -q -x` prints, one or, in a loop, ever more, and
// calls visit as it goes.
func readInstances(r io.Reader, visit func(instanceUse)) error {
	d := xml.NewDecoder(r)
	for {
		token, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading nvidia-smi -q -x: %w", err)
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != "gpu" {
			continue
		}
		var g gpuElement
		if err := d.DecodeElement(&g, &start); err != nil {
			return fmt.Errorf("reading nvidia-smi -q -x: %w", err)
		}
		for _, i := range g.Instances {
			if index, err := strconv.ParseUint(strings.TrimSpace(i.Index), 10, 16); err == nil {
				visit(instanceUse{strings.TrimSpace(g.UUID), int(index), figure(i.Total), figure(i.Used)})
			}
		}
	}
}
