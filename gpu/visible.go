package gpu

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Variable names the GPUs that a program may use. Slurm sets it for each job and step.
const Variable = "CUDA_VISIBLE_DEVICES"

// Variables are those in which Slurm says which GPUs a job or step has: NVIDIA's, AMD's two and Intel's
// (src/interfaces/gres.c, "gpu" environment variables).
func Variables() []string {
	return []string{Variable, "ROCR_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL", "ZE_AFFINITY_MASK"}
}

// Visible reads a value of CUDA_VISIBLE_DEVICES as CUDA does: names of GPUs, up to the first that
// is none ("-1", "NoDevFiles"). CUDA C++ Programming Guide, "CUDA Environment Variables".
func Visible(value string) []string {
	var names []string
	for name := range strings.SplitSeq(value, ",") {
		if name = strings.TrimSpace(name); !isName(name) {
			break
		}
		names = append(names, name)
	}
	return names
}

func isName(name string) bool {
	if strings.HasPrefix(name, "GPU-") || strings.HasPrefix(name, "MIG-") {
		return true
	}
	_, err := strconv.ParseUint(name, 10, 16)
	return err == nil
}

// Divide deals GPUs to slots that run side by side, neighbours together, in the names in which
// they were given. Where the GPUs are not a multiple of the slots, each slot gets all of them.
func Divide(names []string, slots int) [][]string {
	shares := make([][]string, max(0, slots))
	each := len(names)
	if slots > 0 && len(names)%slots == 0 {
		each = len(names) / slots
	}
	for n := range shares {
		first := 0
		if each < len(names) {
			first = n * each
		}
		shares[n] = names[first : first+each : first+each]
	}
	return shares
}

// Deal gives each of some slots so many GPUs of its own, neighbours together; what is over belongs to nobody. There
// must be enough.
func Deal(names []string, slots, each int) [][]string {
	shares := make([][]string, slots)
	for n := range shares {
		shares[n] = names[n*each : (n+1)*each : (n+1)*each]
	}
	return shares
}

// target is a GPU or instance that is to be sampled.
type target struct {
	uuid     string // of the GPU, or of the instance
	gpu      string // the GPU's
	index    int    // the GPU's
	instance int    // its index on the GPU, -1 for the whole GPU
}

// resolve finds what the names of CUDA_VISIBLE_DEVICES stand for. An unknown name has no uuid.
func resolve(names []string, devices []Device) (targets []target, err error) {
	for _, name := range names {
		t, ok := find(name, devices)
		if !ok && err == nil {
			err = fmt.Errorf("no GPU %q on this node", name)
		}
		targets = append(targets, t)
	}
	return targets, err
}

// UUIDs are those of what names of CUDA_VISIBLE_DEVICES stand for, up to the first name that stands for nothing, as
// CUDA reads them; of a GPU that is split, those of its instances.
func UUIDs(names []string, devices []Device) []string {
	var uuids []string
	targets, _ := resolve(names, devices)
	for _, t := range targets {
		if t.uuid == "" {
			break
		}
		i := slices.IndexFunc(devices, func(d Device) bool { return d.UUID == t.uuid && d.MIG })
		if i < 0 {
			uuids = append(uuids, t.uuid)
			continue
		}
		for _, part := range devices[i].Instances {
			uuids = append(uuids, part.UUID)
		}
	}
	return uuids
}

func find(name string, devices []Device) (target, bool) {
	for _, d := range devices {
		if d.called(name) {
			return target{d.UUID, d.UUID, d.Index, -1}, true
		}
		for _, i := range d.Instances {
			if i.UUID == name {
				return target{i.UUID, d.UUID, d.Index, i.Index}, true
			}
		}
	}
	return target{}, false
}

// called says whether a name is the device's index or the beginning of its UUID, which CUDA
// takes where it is clear; drivers see to that.
func (d Device) called(name string) bool {
	if strings.HasPrefix(name, "GPU-") {
		return strings.HasPrefix(d.UUID, name)
	}
	return name == strconv.Itoa(d.Index)
}
