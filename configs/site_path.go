package configs

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"strings"
)

// ownPath fills in the home folder for ~/ and the user's name for {user}.
func ownPath(path *string) error {
	if *path == "" {
		return nil
	}
	full := *path
	if err := notFilledIn(full); err != nil {
		return err
	}
	if rest, ok := strings.CutPrefix(full, "~/"); ok {
		home, err := os.UserHomeDir()
		if err != nil {
			return err
		}
		full = filepath.Join(home, rest)
	}
	if strings.Contains(full, "{user}") {
		me, err := user.Current()
		if err != nil {
			return fmt.Errorf("finding your name for {user}: %w", err)
		}
		full = strings.ReplaceAll(full, "{user}", me.Username)
	}
	if !filepath.IsAbs(full) || strings.ContainsFunc(full, isLineEnd) {
		return fmt.Errorf("want an absolute path, or one below ~/, got %s", show(*path))
	}
	*path = full
	return nil
}

var (
	// elsewhere is what looks as if something else were to stand there, and would be taken as it is.
	elsewhere = regexp.MustCompile(`\$\w+|\$\{[^}]*\}|\$\([^)]*\)|\{[^}]*\}|%u`)
	userName  = regexp.MustCompile(`\$(USER|LOGNAME)\b|\$\{(USER|LOGNAME|user)\}|\{USER\}|%u`)
	homePath  = regexp.MustCompile(`^\$(HOME\b|\{HOME\})/`)
)

// notFilledIn refuses a variable of the shell and any other name in braces than {user}: a folder of that very name would be made.
func notFilledIn(path string) error {
	plain := strings.NewReplacer("${user}", "${USER}", "{user}", "")
	other := elsewhere.FindString(plain.Replace(path))
	if other == "" {
		return nil
	}
	mended := homePath.ReplaceAllString(userName.ReplaceAllLiteralString(path, "{user}"), "~/")
	if !elsewhere.MatchString(plain.Replace(mended)) {
		return fmt.Errorf("%s is not filled in here: write %s, got %s", other, show(mended), show(path))
	}
	return fmt.Errorf("%s is not filled in here, only {user} (the user's name) and ~/ (the home folder) at the beginning are: got %s", other, show(path))
}
