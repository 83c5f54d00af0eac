package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"hpcsub/configs"
	"hpcsub/worker"
)

// interpreter is a program whose first argument is the file that it runs.
var interpreter = regexp.MustCompile(`^(python[0-9.]*|Rscript|julia|perl|ruby|bash|sh)$`)

// warnProgram says that the program of an item, or the script that it runs, is not there. The nodes and modules may
// have what this machine has not, so it is no error.
func warnProgram(out *output, job *configs.Job, argv []string) {
	if len(argv) == 0 {
		return
	}
	program := argv[0]
	switch info, err := os.Stat(inFolder(job.Dir, program)); {
	case !strings.Contains(program, "/"):
		if env := job.Environment; env.Venv == "" && env.Conda == "" && env.Setup == "" && len(env.Modules) == 0 && !worker.OnPath(program) {
			out.warning("there is no program %q on PATH here; if a module brings it, name that in [environment] modules", program)
		}
	case os.IsNotExist(err):
		out.warning("there is no program %q in %s, where items run", program, job.Dir)
	case err == nil && (info.IsDir() || info.Mode()&0o111 == 0):
		out.warning("%q is there, but cannot be run: chmod +x %[1]s, or name its interpreter before it", program)
	}
	if len(argv) < 2 || !interpreter.MatchString(filepath.Base(program)) || !strings.Contains(filepath.Base(argv[1]), ".") || strings.HasPrefix(argv[1], "-") {
		return
	}
	if _, err := os.Stat(inFolder(job.Dir, argv[1])); os.IsNotExist(err) {
		out.warning("there is no file %q in %s, where %s would look for it", argv[1], job.Dir, program)
	}
}

func inFolder(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}
