package local

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"hpcsub/gpu"
	"hpcsub/slurm"
)

// device is what is handed out of GPUs: a whole one, or an instance of one that is split (MIG).
type device struct {
	Name  string `json:"name"` // in CUDA_VISIBLE_DEVICES
	UUID  string `json:"uuid"` // by which all ledgers know it, whatever a process sees of the machine
	Type  string `json:"type"` // as --gres names it; of an instance its profile
	Place int    `json:"place"`
	Part  string `json:"part,omitempty"` // as slurm.GRES has it
}

// devicesOf numbers what can be handed out, as Slurm does. Whole GPUs go by their index, as in Slurm, unless some
// other is split: then CUDA counts differently from nvidia-smi, and only UUIDs are clear.
func devicesOf(found []gpu.Device) []device {
	var all []device
	add := func(d device) {
		if d.UUID != "" { // a driver that does not tell it is broken
			d.Place = len(all)
			all = append(all, d)
		}
	}
	split := slices.ContainsFunc(found, func(g gpu.Device) bool { return g.MIG })
	for _, g := range found {
		switch {
		case g.MIG:
			for _, i := range g.Instances {
				add(device{Name: i.UUID, UUID: i.UUID, Type: i.Profile, Part: "mig"})
			}
		case split:
			add(device{Name: g.UUID, UUID: g.UUID, Type: typeName(g.Model)})
		default:
			add(device{Name: strconv.Itoa(g.Index), UUID: g.UUID, Type: typeName(g.Model)})
		}
	}
	return all
}

var (
	maker = regexp.MustCompile(`(?i)^(nvidia|tesla|geforce|quadro|grid)$`)
	// form is the first word that tells one build of a model from another.
	form     = regexp.MustCompile(`(?i)^(\d+gb|sxm\d?|pcie|nvl|hbm.*|laptop|gpu|with|sff|generation|max|blackwell|workstation|server|edition|mig)$`)
	unusable = regexp.MustCompile(`[^a-z0-9_.+]`)
)

// typeName is the short name of a model, as sites have it in gres.conf: "NVIDIA A100-SXM4-40GB" is a100.
func typeName(model string) string {
	var name strings.Builder
	for _, word := range strings.FieldsFunc(model, func(r rune) bool { return r == ' ' || r == '-' }) {
		if form.MatchString(word) && name.Len() > 0 {
			break
		}
		if !maker.MatchString(word) {
			name.WriteString(word)
		}
	}
	return unusable.ReplaceAllString(strings.ToLower(name.String()), "")
}

// found is the machine's GPUs, or why there are none.
func (c *Client) found(ctx context.Context) gpu.Node {
	c.look.Do(func() {
		if c.gpus = (gpu.Node{Devices: c.opt.GPUs}); c.opt.GPUs == nil {
			c.gpus = gpu.Devices(ctx)
		}
	})
	return c.gpus
}

// devices are the GPUs that may be handed out: those that the caller may use, as with CPUs.
func (c *Client) devices(ctx context.Context) []device {
	found := c.found(ctx).Devices
	all := devicesOf(found)
	value, limited := os.LookupEnv(gpu.Variable)
	if !limited {
		return all
	}
	may := gpu.UUIDs(gpu.Visible(value), found)
	return slices.DeleteFunc(all, func(d device) bool { return !slices.Contains(may, d.UUID) })
}

// suitable are the GPUs that the job may be given. Fewer than one task needs are an error.
func (c *Client) suitable(ctx context.Context, r *request) ([]device, error) {
	if r.GPUs == 0 {
		return nil, nil
	}
	all := c.devices(ctx)
	fit := slices.DeleteFunc(slices.Clone(all), func(d device) bool { return r.GPUType != "" && !strings.EqualFold(d.Type, r.GPUType) })
	if len(fit) >= r.GPUs {
		return fit, nil
	}
	asked := strings.TrimSuffix("gpu:"+r.GPUType, ":") + ":" + strconv.Itoa(r.GPUs)
	return nil, fmt.Errorf("the job asks for %s, and this machine has %s", asked, c.there(ctx, all))
}

// there words what GPUs there are, and how many of them the caller may use.
func (c *Client) there(ctx context.Context, may []device) string {
	n := c.found(ctx)
	all := devicesOf(n.Devices)
	switch {
	case len(all) == 0:
		return strings.TrimSuffix("no GPUs: "+n.Reason, ": ")
	case len(may) < len(all):
		return fmt.Sprintf("%s, of which CUDA_VISIBLE_DEVICES=%q leaves %s", inWords(all), os.Getenv(gpu.Variable), cmp.Or(inWords(may), "none"))
	}
	return inWords(all)
}

// inWords is "gpu:a100:2 and gpu:v100:1".
func inWords(devices []device) string {
	var words []string
	for _, g := range resources(devices, nil) {
		words = append(words, strings.TrimSuffix(g.Name+":"+g.Type, ":")+":"+strconv.Itoa(g.Count))
	}
	return strings.Join(words, " and ")
}

// resources are GPUs in Slurm's words, by type, with how many of them are held.
func resources(devices []device, held []string) []slurm.GRES {
	all := []slurm.GRES{}
	for _, d := range devices {
		i := slices.IndexFunc(all, func(g slurm.GRES) bool { return g.Type == d.Type && g.Part == d.Part })
		if i < 0 {
			i = len(all)
			all = append(all, slurm.GRES{Name: "gpu", Type: d.Type, Sockets: []int{}, Part: d.Part})
		}
		all[i].Count++
		if slices.Contains(held, d.UUID) {
			all[i].Used++
		}
	}
	return all
}

// hidden is what keeps a job that asked for no GPU from those of others, as Slurm does with ConstrainDevices. Where no
// NVIDIA GPU was found nothing is set: AMD's programs heed the variable too, and nobody could ask for theirs.
func (c *Client) hidden(ctx context.Context, r *request) []string {
	if r.GPUs > 0 || len(c.found(ctx).Devices) == 0 {
		return nil
	}
	return []string{gpu.Variable + "="}
}

// gpuVariables tell a task of its GPUs (gres.html and sbatch(1) of Slurm). CUDA puts the fastest GPU first unless
// it is told to count as nvidia-smi does, whose numbers these are.
func gpuVariables(gpus []device) []string {
	if len(gpus) == 0 {
		return nil
	}
	var names, places []string
	for _, g := range gpus {
		names, places = append(names, g.Name), append(places, strconv.Itoa(g.Place))
	}
	return []string{
		gpu.Variable + "=" + strings.Join(names, ","), "CUDA_DEVICE_ORDER=PCI_BUS_ID",
		"SLURM_JOB_GPUS=" + strings.Join(places, ","), "SLURM_GPUS_ON_NODE=" + strconv.Itoa(len(gpus)),
	}
}

// setGRES reads "gpu:2", "gpu:a100:1" or "gpu". Other resources are ignored: there are none here.
func setGRES(r *request, value string) error {
	r.GPUs, r.GPUType = 0, ""
	for item := range strings.SplitSeq(value, ",") {
		name, rest, _ := strings.Cut(strings.TrimPrefix(item, "gres/"), ":")
		if name != "gpu" {
			continue
		}
		if r.GPUs > 0 {
			return fmt.Errorf("invalid --gres specification %q: this cluster gives GPUs of one type to a job", value)
		}
		if err := setGPUs(r, cmp.Or(rest, "1")); err != nil {
			return err
		}
	}
	return nil
}

// setGPUs reads "2", "a100:1" or "a100".
func setGPUs(r *request, value string) error {
	kind, number, counted := strings.Cut(value, ":")
	if !counted {
		if _, err := strconv.Atoi(value); err == nil {
			kind, number = "", value
		} else {
			number = "1"
		}
	}
	n, err := strconv.ParseUint(number, 10, 20)
	if err != nil {
		return fmt.Errorf("invalid number of GPUs %q: want a number as in gpu:2, or a type and a number as in gpu:a100:2", value)
	}
	r.GPUs, r.GPUType = int(n), kind
	return nil
}
