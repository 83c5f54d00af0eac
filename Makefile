# hpcsub. `make help` lists the targets.
SHELL := /bin/bash
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
GO ?= go
export CGO_ENABLED = 0

.PHONY: build demo test unit fuzz integration load integration-all lint golden record bench regret regret-quick release clean help

build: ## bin/hpcsub, one static binary
	$(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/hpcsub ./cmd/hpcsub

demo: build ## the main job on this machine, no Slurm needed (under two minutes)
	examples/demo.sh bin/hpcsub

test: build unit fuzz integration integration-versions regret-quick ## everything, also on containerised Slurm; brings what it needs

# All is built first, side by side; then one package at a time has the machine, since many tests watch the clock.
unit: tools ## unit, golden and CLI tests, and package gpu in a build with cgo
	$(GO) test -run '^$$' ./... >/dev/null
	$(GO) test -p 1 ./...
	CGO_ENABLED=1 $(GO) test ./gpu/

# By count, not by time: a busy machine may miss the fuzzer's own deadline, which go test before 1.27 reports as a
# failure. No input may hang: a target takes seconds.
FUZZ ?= 10000x
fuzz: ## every fuzz target with $(FUZZ) inputs
	@set -e; for pkg in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "fuzz $$pkg $$target"; \
	    timeout -k 10 180 $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZ) -fuzzminimizetime 10x $$pkg || \
	      { echo "fuzz: $$target of $$pkg failed with exit code $$? (124: it took more than three minutes)" >&2; exit 1; }; \
	  done; done

SLURM ?= 24.11
integration: build ## end-to-end and fault tests on containerised Slurm
	integration/test.sh $(SLURM)

WAIT ?= 10m
TASKS ?= 1000
load: build ## what hpcsub asks of Slurm: a plan, a submission, waiting for $(WAIT), an array of $(TASKS) tasks, and from the nodes
	WAIT=$(WAIT) TASKS=$(TASKS) integration/test.sh $(SLURM) -v -run 'TestLoad|TestNodesCallNothing'

integration-all: build ## the same on Slurm 20.11, 22.05, 24.11 and 26.05
	@set -e; for version in 20.11 22.05 24.11 26.05; do integration/test.sh $$version; done

.PHONY: integration-versions
integration-versions: build ## what differs between versions (cluster, submit, results), on Slurm 20.11, 22.05 and 26.05
	@set -e; for version in 20.11 22.05 26.05; do integration/test.sh $$version -run '^TestVersion'; done

.PHONY: test-gpu
test-gpu: ## packages gpu and local against the GPUs of this machine, with cgo and without
	@nvidia-smi -L >/dev/null 2>&1 || { echo "hpcsub: test-gpu: no NVIDIA GPU on this machine (nvidia-smi -L finds none)" >&2; exit 1; }
	CGO_ENABLED=1 $(GO) test -count=1 -v -tags realgpu -run Real ./gpu/ ./local/
	CGO_ENABLED=0 $(GO) test -count=1 -v -tags realgpu -run Real ./gpu/ ./local/

lint: tools ## gofmt, go vet, staticcheck, shellcheck
	@test -z "$$(gofmt -l .)" || { echo "not gofmt-clean:"; gofmt -l .; exit 1; }
	$(GO) vet ./... && $(GO) vet -tags integration,regret ./integration/...
	$(GO) tool staticcheck ./... && $(GO) tool staticcheck -tags integration,regret ./integration/...
	shellcheck $$(git ls-files '*.sh' .ci/run)

golden: ## rewrite the golden files; review them as code
	$(GO) test ./strategies ./templates -update
	$(GO) test ./configs ./cmd/hpcsub -update

bench: build ## the ratios of docs/benchmarks.md, each measured in one run
	integration/bench.sh

record: build ## what Slurm's commands print, on each version, into slurm/testdata
	integration/record.sh

DELAY ?= 0
TRIAL ?=
regret: build ## is the choice right? every way to run each of many workloads, with batch_sched_delay DELAY (0, 3, 5), planned with built-in and with calibrated costs: an hour or more; TRIAL=1: nothing declared
	integration/regret/run.sh full $(DELAY) $(if $(TRIAL),-trial)

regret-quick: build ## the same for a few small workloads
	integration/regret/run.sh quick

release: ## static binaries for Linux on amd64 and arm64 in dist/
	@for arch in amd64 arm64; do echo "dist/hpcsub-linux-$$arch"; \
	  GOOS=linux GOARCH=$$arch $(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o dist/hpcsub-linux-$$arch ./cmd/hpcsub || exit 1; done

.PHONY: tools
tools: # what the tests run besides Go
	@integration/tools.sh

clean: ## remove what was built
	rm -rf bin dist

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18
