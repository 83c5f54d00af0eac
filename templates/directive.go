package templates

import (
	"fmt"
	"regexp"
	"strings"
)

// sbatch reads #SBATCH lines itself, not quite as a shell would (src/sbatch/opt.c): a backslash takes
// the next character as it is inside quotes of either kind, an unquoted # starts a comment in the
// middle of a word, and no quote carries a line break.

// directive writes an option of an #SBATCH line with its value.
func directive(option, value string) (string, error) {
	quoted, err := quoteDirective(value)
	if err != nil {
		return "", refusalf("#SBATCH --%s: %v", option, err)
	}
	return "--" + option + "=" + quoted, nil
}

var (
	plainValue = regexp.MustCompile(`^[A-Za-z0-9_./:=,%+@*&|\[\]-]+$`)
	optionName = regexp.MustCompile(`^(--[A-Za-z][A-Za-z0-9-]*|-[A-Za-z])$`)
	// Some versions blank these words out wherever they stand in a line, to read older scripts. A
	// backslash inside hides them.
	blankedOut = regexp.MustCompile(`(?i)(het|pack)(job)`)
)

func quoteDirective(value string) (string, error) {
	if strings.IndexFunc(value, isControl) >= 0 {
		return "", fmt.Errorf("%q has a line break or another control character, which Slurm cannot read there", value)
	}
	if plainValue.MatchString(value) && !blankedOut.MatchString(value) {
		return value, nil
	}
	value = strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value)
	return `"` + blankedOut.ReplaceAllString(value, `$1\$2`) + `"`, nil
}

// userOption writes one of job.toml's [slurm] options: "--name", "--name=value", "--name value", "-x value".
func userOption(option string) (string, error) {
	at := strings.IndexAny(option, "= ")
	if at < 0 {
		at = len(option)
	}
	name, value := option[:at], option[at:]
	if !optionName.MatchString(name) {
		return "", refusalf("[slurm] options: %q is no option of sbatch; write it as \"--mail-type=END\"", option)
	}
	if value == "" {
		return name, nil
	}
	quoted, err := quoteDirective(strings.TrimSpace(value[1:]))
	if err != nil {
		return "", refusalf("[slurm] options: %v", err)
	}
	return name + value[:1] + quoted, nil
}

// logPattern is --output: Slurm's log of each job, in a folder whose name is taken as it is.
func logPattern(folder string, array bool) (string, error) {
	if strings.Contains(folder, `\`) { // it would switch off the % signs, and vanish
		return "", fmt.Errorf("the folder %q has a backslash in its name, which Slurm's --output cannot express", folder)
	}
	name := "slurm-%j.log"
	if array {
		name = "slurm-%A_%a.log"
	}
	return strings.ReplaceAll(folder, "%", "%%") + "/" + name, nil
}

// timeLimit is seconds as Slurm reads them: HH:MM:SS, with days where there are any.
func timeLimit(seconds int) string {
	text := fmt.Sprintf("%02d:%02d:%02d", seconds/3600%24, seconds/60%60, seconds%60)
	if days := seconds / 86400; days > 0 {
		return fmt.Sprintf("%d-%s", days, text)
	}
	return text
}
