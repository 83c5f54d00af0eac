package slurm

import (
	"regexp"
	"strings"
)

// The words are those of slurm_strerror (src/common/slurm_errno.c, the same from 20.11 to 26.05)
// and of the C library: they say that a message was lost on its way, there or back.
var lostWords = []string{
	"timed out", "unable to contact", "connection refused", "connection reset", "connection failure",
	"message send failure", "message receive failure", "communication shutdown", "zero bytes were",
	"unexpected message", "incompatible versions", "stream version", "protocol authentication",
	"insane message length", "in standby mode", "broken pipe", "temporarily unavailable",
	"transport endpoint", "no route to host", "network is unreachable", "interrupted system call",
	"unable to establish config source", "name or service not known", "unable to resolve", "backing off",
	"failed to open persistent connection", "not all data", "controller not responding",
}

// silent says whether Slurm's words mean that its daemon could not be reached, or not in time.
func silent(words string) bool {
	words = strings.ToLower(words)
	for _, w := range lostWords {
		if strings.Contains(words, w) {
			return true
		}
	}
	return false
}

var (
	// answered is how sbatch reports the controller's own reply.
	answered = regexp.MustCompile(`(?:Batch job submission failed|allocation failure): (.+)`)
	// unasked is what sbatch says of its options and of the script, before it asks the controller.
	unasked = regexp.MustCompile(`(?i)unrecognized option|invalid option|option requires|requires an argument|is ambiguous|` +
		`invalid [^\n]*specification|unable to open file|batch script|is not a valid|invalid (numeric|argument|value|directive)|--help" for more`)
	// unheard is a connection that was never made: the request cannot have arrived. Nothing else
	// may stand here, for whoever asked will not look whether there is a job.
	unheard = regexp.MustCompile(`(?i)unable to contact slurm controller \(connect failure\)|unable to establish config`)
)

// refused says whether sbatch's words are a clear no: nothing was submitted. Anything else may
// have been heard by the controller, whatever sbatch says.
func refused(words string) bool {
	if silent(words) {
		return false
	}
	return answered.MatchString(words) || unasked.MatchString(words)
}
