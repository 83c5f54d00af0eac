package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"hpcsub/configs"
	"hpcsub/items"
	"hpcsub/worker"
)

// checkFunction holds a job's function against its module where that stands beside job.toml. Nothing is
// imported; what cannot be read that way is left to the job itself, with a hint.
func checkFunction(ctx context.Context, out *output, job *configs.Job, columns []string) error {
	module, name, err := items.ParseFunction(job.Work.Function)
	if err != nil {
		return err
	}
	file := moduleFile(job.Dir, module)
	if file == "" {
		out.hint("module %s is not beside %s, so the job itself will find out whether it has %s", module, job.Path, name)
		return nil
	}
	p, err := worker.LookAtFunction(ctx, file, name)
	var absent *worker.NoPythonError
	if errors.As(err, &absent) {
		out.hint("%s was not looked at: %v", file, err)
		return nil
	}
	if err != nil {
		return err
	}
	return callable(p, name, columns)
}

// callable says which column is no parameter, or which parameter is no column.
func callable(p worker.Parameters, name string, columns []string) error {
	for _, c := range columns {
		if !p.Any && !slices.Contains(p.May, c) {
			return fmt.Errorf("%s has no parameter for the column %q; it has %s", name, c, orNone(p.May))
		}
	}
	for _, must := range p.Must {
		if !slices.Contains(columns, must) {
			return fmt.Errorf("%s needs %q, and no column is called so: add it to [sweep] or the items file, or give the parameter a default", name, must)
		}
	}
	return nil
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// moduleFile is where a module stands in a folder, "" where it is not there.
func moduleFile(dir, module string) string {
	path := filepath.Join(dir, filepath.FromSlash(strings.ReplaceAll(module, ".", "/")))
	for _, file := range []string{path + ".py", filepath.Join(path, "__init__.py")} {
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
			return file
		}
	}
	return ""
}

// packages says which packages of Python the job's interpreter has, where that can be told without
// entering its environment: of a venv, or, for this machine, of the python3 on PATH.
func packages(ctx context.Context, job *configs.Job, local bool) map[string]string {
	python := "python3"
	switch env := job.Environment; {
	case env.Venv != "" && filepath.IsAbs(env.Venv):
		python = filepath.Join(env.Venv, "bin", "python3")
	case env.Venv != "":
		python = filepath.Join(job.Dir, env.Venv, "bin", "python3")
	case env.Conda != "" || env.Setup != "" || len(env.Modules) > 0 || !local:
		return nil
	}
	return worker.PythonPackages(ctx, python, "pathos", "distributed")
}
