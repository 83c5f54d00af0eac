package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"hpcsub/gpu"
	"hpcsub/slurm"
)

// cards are so many GPUs of one kind.
func cards(n int) []gpu.Device {
	var all []gpu.Device
	for i := range n {
		all = append(all, gpu.Device{Index: i, UUID: fmt.Sprintf("GPU-%08d-1b0c-4a5e-9d6f-012345678900", i), Model: "NVIDIA H100 80GB HBM3"})
	}
	return all
}

// split is a GPU in two instances before a whole one.
func split() []gpu.Device {
	all := cards(2)
	all[0].MIG, all[0].Instances = true, []gpu.Instance{{Index: 0, UUID: "MIG-a", Profile: "3g.40gb"}, {Index: 1, UUID: "MIG-b", Profile: "1g.10gb"}}
	return all
}

func TestTypeName(t *testing.T) {
	for model, want := range map[string]string{
		"NVIDIA A100-SXM4-40GB": "a100", "NVIDIA A100 80GB PCIe": "a100", "NVIDIA H100 80GB HBM3": "h100", "NVIDIA H100 PCIe": "h100", "NVIDIA H100 NVL": "h100",
		"NVIDIA H200": "h200", "NVIDIA B200": "b200", "Tesla V100-SXM2-16GB": "v100", "Tesla P100-PCIE-16GB": "p100", "Tesla K80": "k80", "Tesla T4": "t4",
		"NVIDIA GeForce RTX 3090": "rtx3090", "NVIDIA GeForce RTX 2080 Ti": "rtx2080ti", "NVIDIA GeForce GTX 1080 Ti": "gtx1080ti",
		"NVIDIA GeForce RTX 4090 Laptop GPU": "rtx4090", "NVIDIA GeForce RTX 2070 with Max-Q Design": "rtx2070", "NVIDIA L4": "l4", "NVIDIA L40S": "l40s", "NVIDIA A10G": "a10g",
		"NVIDIA GH200 480GB": "gh200", "NVIDIA TITAN V": "titanv", "NVIDIA TITAN RTX": "titanrtx", "Quadro RTX 6000": "rtx6000", "Quadro P4000": "p4000",
		"NVIDIA RTX A6000": "rtxa6000", "NVIDIA RTX 6000 Ada Generation": "rtx6000ada", "NVIDIA RTX PRO 6000 Blackwell Workstation Edition": "rtxpro6000",
		"NVIDIA Graphics Device": "graphicsdevice", "GPU": "gpu", "NVIDIA": "", "": "", "NVIDIA X:1,2/3": "x123",
	} {
		if got := typeName(model); got != want {
			t.Errorf("%q: got %q, want %q", model, got, want)
		}
	}
}

func TestWhichGPUsMayBeHandedOut(t *testing.T) {
	const unset = "unset"
	first, second := cards(2)[0].UUID, cards(2)[1].UUID
	tests := []struct {
		name    string
		there   []gpu.Device
		visible string
		want    string // names and types
	}{
		{"all", cards(2), unset, "0 h100, 1 h100"},
		{"none", cards(2), "", ""},
		{"none, said otherwise", cards(2), "-1", ""},
		{"none, as Slurm says it", cards(2), "NoDevFiles", ""},
		{"one", cards(2), "1", "1 h100"},
		{"one by its UUID", cards(2), second[:12], "1 h100"},
		{"up to what is not there", cards(2), "1,5,0", "1 h100"},
		{"instances", split(), unset, "MIG-a 3g.40gb, MIG-b 1g.10gb, " + second + " h100"},
		{"one instance", split(), "MIG-b", "MIG-b 1g.10gb"},
		{"those of one GPU", split(), first, "MIG-a 3g.40gb, MIG-b 1g.10gb"},
		{"split into nothing", []gpu.Device{{MIG: true, UUID: first}}, unset, ""},
		{"without a UUID", []gpu.Device{{Model: "Tesla T4"}}, unset, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv(gpu.Variable, test.visible)
			if test.visible == unset {
				os.Unsetenv(gpu.Variable)
			}
			var got []string
			for _, d := range New(Options{GPUs: test.there}).devices(context.Background()) {
				got = append(got, d.Name+" "+d.Type)
			}
			if strings.Join(got, ", ") != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestGPURequests(t *testing.T) {
	tests := []struct {
		option string
		count  int
		kind   string
		bad    bool
	}{
		{"--gres=gpu:2", 2, "", false}, {"--gres=gpu:a100:2", 2, "a100", false}, {"--gres=gpu", 1, "", false}, {"--gres=gpu:1g.10gb+me", 1, "1g.10gb+me", false},
		{"--gres=scratch:10,gpu:1", 1, "", false}, {"--gres=gres/gpu:h100:1", 1, "h100", false}, {"--gres=none", 0, "", false}, {"--gres=shard:4", 0, "", false},
		{"--gres=gpu:0", 0, "", false}, {"--gpus=2", 2, "", false}, {"-G2", 2, "", false}, {"--gpus-per-node=h100:3", 3, "h100", false},
		{"--gres=gpu:a100:x", 0, "", true}, {"--gres=gpu:-1", 0, "", true}, {"--gres=gpu:a100:1,gpu:v100:1", 0, "", true}, {"--gpus=99999999", 0, "", true},
	}
	for _, test := range tests {
		r, err := parseRequest([]string{test.option})
		if (err != nil) != test.bad || err == nil && (r.GPUs != test.count || r.GPUType != test.kind) {
			t.Errorf("%s: got %d of %q, %v", test.option, r.GPUs, r.GPUType, err)
		}
	}
}

func TestMoreGPUsThanThereAre(t *testing.T) {
	tests := []struct {
		name, option, visible string
		there                 []gpu.Device
		want                  string
	}{
		{"too many", "--gres=gpu:3", "0,1", cards(2), "the job asks for gpu:3, and this machine has gpu:h100:2"},
		{"of another type", "--gres=gpu:a100:1", "0,1", cards(2), "the job asks for gpu:a100:1, and this machine has gpu:h100:2"},
		{"parts", "--gres=gpu:4", "MIG-a,MIG-b," + cards(2)[1].UUID, split(), "this machine has gpu:3g.40gb:1 and gpu:1g.10gb:1 and gpu:h100:1"},
		{"none", "--gres=gpu:1", "0", []gpu.Device{}, "the job asks for gpu:1, and this machine has no GPUs"},
		{"fewer left", "--gres=gpu:2", "1", cards(2), `has gpu:h100:2, of which CUDA_VISIBLE_DEVICES="1" leaves gpu:h100:1`},
		{"none left", "--gres=gpu:1", "", cards(2), `has gpu:h100:2, of which CUDA_VISIBLE_DEVICES="" leaves none`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := newLab(t, Options{GPUs: test.there})
			t.Setenv(gpu.Variable, test.visible)
			s := slurm.Submission{Script: l.write("true", test.option), Dir: l.dir}
			_, err := l.Submit(context.Background(), s)
			var no *slurm.RefusedError
			if !errors.As(err, &no) || !strings.HasSuffix(no.Words, test.want) {
				t.Errorf("got %v, want a refusal with %q", err, test.want)
			}
			if _, err := l.StartTime(context.Background(), s); !errors.As(err, &no) {
				t.Errorf("StartTime: %v", err)
			}
		})
	}
}

// gres is what Inspect says of the node's GPUs.
func (l *lab) gres() []slurm.GRES {
	l.Helper()
	cluster, err := l.Inspect(context.Background(), slurm.InspectOptions{})
	if err != nil {
		l.Fatal(err)
	}
	return cluster.Nodes[0].GRES
}

func TestInspectGPUs(t *testing.T) {
	t.Parallel()
	l := newLab(t, Options{GPUs: split()})
	id := l.submit(`echo "$CUDA_VISIBLE_DEVICES $SLURM_JOB_GPUS $SLURM_GPUS_ON_NODE $CUDA_DEVICE_ORDER" >seen; until [ -e go ]; do sleep 0.01; done`, "--gres=gpu:1G.10GB:1")
	if got := l.awaitFile("seen"); got != "MIG-b 1 1 PCI_BUS_ID" {
		t.Errorf("the task saw %q", got)
	}
	want := []slurm.GRES{
		{Name: "gpu", Type: "3g.40gb", Count: 1, Sockets: []int{}, Part: "mig"},
		{Name: "gpu", Type: "1g.10gb", Count: 1, Used: 1, Sockets: []int{}, Part: "mig"},
		{Name: "gpu", Type: "h100", Count: 1, Sockets: []int{}},
	}
	if got := l.gres(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	l.create("go")
	l.ended(id)
	want[1].Used = 0
	if got := l.gres(); !reflect.DeepEqual(got, want) {
		t.Errorf("after the job: got %+v\nwant %+v", got, want)
	}
}

// create makes an empty file that a script waits for.
func (l *lab) create(name string) {
	l.Helper()
	if err := os.WriteFile(filepath.Join(l.dir, name), nil, 0o600); err != nil {
		l.Fatal(err)
	}
}

// A job that asked for no GPU sees none, where there are some.
func TestNoGPUAsked(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "unset unset\n", 1: " unset\n"} {
		l := newLab(t, Options{GPUs: cards(n)})
		if n == 0 {
			l.opt.GPUs = []gpu.Device{}
		}
		l.ended(l.submit(`echo "${CUDA_VISIBLE_DEVICES-unset} ${SLURM_JOB_GPUS-unset}" >seen`))
		if got := l.file("seen"); got != want {
			t.Errorf("%d GPUs: got %q, want %q", n, got, want)
		}
	}
}
