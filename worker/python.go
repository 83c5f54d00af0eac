package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// pythonPatience is how long an interpreter may take that only has to read a file.
const pythonPatience = 10 * time.Second

// lookAtFunction reads a Python file as text, without running any of it, and says which parameters a function
// at its top level has: the names that may be given, those that must be, and whether **names takes others.
const lookAtFunction = `import ast, json, sys
for node in ast.parse(open(sys.argv[1], "rb").read()).body:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == sys.argv[2]:
        a = node.args
        plain = [p.arg for p in a.args]
        must = [p.arg for p in getattr(a, "posonlyargs", []) + a.args][:len(getattr(a, "posonlyargs", []) + a.args) - len(a.defaults)]
        must += [p.arg for p, d in zip(a.kwonlyargs, a.kw_defaults) if d is None]
        found = {"may": plain + [p.arg for p in a.kwonlyargs], "must": must, "any": a.kwarg is not None}
    elif isinstance(node, ast.Assign) and any(getattr(t, "id", "") == sys.argv[2] for t in node.targets):
        found = {"any": True}
    elif isinstance(node, (ast.Import, ast.ImportFrom)) and any(sys.argv[2] in (n.asname or n.name, "*") or n.name == "*" for n in node.names):
        found = {"any": True}
    else:
        continue
    print(json.dumps(found))
`

// Parameters are what a function can be called with.
type Parameters struct {
	May  []string `json:"may"`
	Must []string `json:"must"`
	Any  bool     `json:"any"` // others too, or nobody knows
}

// NoPythonError says that python3 could not be asked here.
type NoPythonError struct{ cause error }

func (e *NoPythonError) Error() string { return "python3 does not run here: " + e.cause.Error() }

// LookAtFunction says how a function at the top level of a Python file can be called. The file is read as
// text, and nothing of it runs.
func LookAtFunction(ctx context.Context, file, name string) (p Parameters, err error) {
	ctx, cancel := context.WithTimeout(ctx, pythonPatience)
	defer cancel()
	text, err := exec.CommandContext(ctx, "python3", "-I", "-c", lookAtFunction, file, name).Output()
	var failed *exec.ExitError
	switch {
	case errors.As(err, &failed) && strings.Contains(string(failed.Stderr), "SyntaxError"):
		return p, fmt.Errorf("%s: %s", file, lastLine(string(failed.Stderr)))
	case err != nil:
		return p, &NoPythonError{err}
	case json.Unmarshal([]byte(lastLine(string(text))), &p) != nil: // the last definition counts
		return p, fmt.Errorf("%s defines no function %s", file, name)
	}
	return p, nil
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// PythonPackages says where an interpreter finds packages, "" for one that it has not; nil where it cannot
// be asked.
func PythonPackages(ctx context.Context, python string, names ...string) map[string]string {
	const find = `import importlib.util as u, json, sys
print(json.dumps({n: (u.find_spec(n) and u.find_spec(n).origin) or "" for n in sys.argv[1:]}))`
	ctx, cancel := context.WithTimeout(ctx, pythonPatience)
	defer cancel()
	text, err := exec.CommandContext(ctx, python, append([]string{"-c", find}, names...)...).Output()
	found := map[string]string{}
	if err != nil || json.Unmarshal(text, &found) != nil {
		return nil
	}
	return found
}
