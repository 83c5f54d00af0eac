// Package templates answers: what is submitted? Render is pure: the same Script gives the same text.
package templates

import (
	"hpcsub/configs"
	"hpcsub/strategies"
)

// Script is everything that a batch script is written from. Paths are absolute. The zero value of a
// field means "not given"; its line is left out.
type Script struct {
	Hpcsub  string // path of the program, as the nodes see it
	Version string // of hpcsub, for the header

	Run     string // run id
	JobFile string // job.toml, for the header
	Dir     string // job.toml's folder: setup lines and a relative venv start here
	Attempt string // folder of the attempt
	JobName string // of the Slurm job; with Comment and LogDir it carries the attempt's token
	Comment string
	Token   string // the attempt's: the worker checks that the folder it sees has the same
	LogDir  string // folder of Slurm's own logs

	Strategy string
	Request  strategies.Request
	Layout   strategies.Layout
	Range    strategies.IndexRange // the parts that this submission carries
	Items    int                   // of the whole run
	Exclude  []string              // nodes not to use again

	Interface string // of the network for what runs over nodes; "" = any

	SlurmVersion string // "24.11.5"; "" where there is no Slurm
	KillWaitS    int    // from SIGTERM to SIGKILL at the time limit; 0 = not known
	Slurm        configs.SlurmKeys
	Environment  configs.Environment
	Function     bool          // the work is a function of Python
	Site         configs.Rules // modules, scratch and templates of the site

	Why      string // the plan's explanation, for the header
	Estimate string // one line, for the header
}
