package configs

import (
	_ "embed"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"hpcsub/items"
)

//go:embed job.annotated.toml
var annotated string

// Init is a job.toml that says what every key does. As it stands it is a job that runs.
func Init() string { return annotated }

// InitLines is a short job.toml for a command over some columns, each "name=VALUES": a glob, a range
// a:b or a:b:step, or values with commas between them. A list file (.csv, .tsv, .jsonl, .txt) stands alone.
func InitLines(command string, over []string) (string, error) {
	lines, err := commandLines(command)
	if err != nil {
		return "", err
	}
	list, columns, err := overLines(over)
	if err != nil {
		return "", err
	}
	lines = append(lines, list...)
	if len(columns) > 0 {
		lines = append(append(lines, "", "[sweep]  # every combination, the first column slowest"), columns...)
	}
	lines = append(lines, "",
		"[each]  # what one item needs; take the # away from what you know",
		`#time = "1m"`,
		`#memory = "1GiB"`,
		"#cpus = 1",
	)
	if made := outputOf(command); made != "" {
		lines = append(lines, "#outputs = ["+quoteText(made)+"]  # without it the item has failed")
	}
	return strings.Join(lines, "\n") + "\n", nil
}

// outputOf is the file that a command is told to write for each item, as far as its options say so; else "".
func outputOf(command string) string {
	words := strings.Fields(command)
	for i, word := range words {
		option, file, joined := strings.Cut(word, "=")
		if !slices.Contains([]string{"-o", "--out", "--output"}, option) {
			continue
		}
		if !joined && i+1 < len(words) {
			file = words[i+1]
		}
		if strings.Contains(file, "{") && !strings.ContainsAny(file, "\"'\\$") {
			return file
		}
	}
	return ""
}

// commandLines writes the command, for bash where only bash can read it.
func commandLines(command string) ([]string, error) {
	if !utf8.ValidString(command) {
		return nil, fmt.Errorf("the command %q is not valid UTF-8, which a job.toml must be", command)
	}
	if strings.ContainsRune(command, 0) {
		return nil, fmt.Errorf("the command %q has a zero byte in it, which no program can be given", command)
	}
	line := "command = " + quoteText(command)
	_, err := items.ParseCommand(command)
	switch {
	case err == nil:
		return []string{line}, nil
	case strings.Trim(command, " \t\r\n") == "":
		return nil, errors.New("the command is empty: hpcsub init 'python f.py {n}' --over n=1:100")
	case bashReads(command) == nil:
		return []string{line, "shell = true  # the command has signs in it that bash acts on"}, nil
	}
	return nil, fmt.Errorf("the command %q: %w", command, err)
}

// overLines writes the list file and the columns of the sweep.
func overLines(over []string) (list, columns []string, err error) {
	var names []string
	for _, o := range over {
		name, values, named := strings.Cut(o, "=")
		switch {
		case !utf8.ValidString(o):
			return nil, nil, fmt.Errorf("--over %q is not valid UTF-8, which a job.toml must be", o)
		case !named && isListFile(o) && list == nil:
			list = []string{"items = " + quoteText(o)}
			continue
		case !named && isListFile(o):
			return nil, nil, fmt.Errorf("--over %q: there is a list file already, and a job has one", o)
		case !named:
			return nil, nil, fmt.Errorf("--over %q: want a column and its values, n=1:100, image='*.jpg' or beta=0.1,0.2, or a list file, params.csv", o)
		case columnName(name) != nil:
			return nil, nil, fmt.Errorf("--over %q: %w", o, columnName(name))
		case slices.Contains(names, name):
			return nil, nil, fmt.Errorf("--over %q: column %s is given twice; put all its values in one, %s=1,2,3", o, name, name)
		}
		names = append(names, name)
		line, err := columnLine(values)
		if err != nil {
			return nil, nil, fmt.Errorf("--over %q: %w", o, err)
		}
		columns = append(columns, quoteKey(name)+" = "+line)
	}
	return list, columns, nil
}

func isListFile(name string) bool {
	return slices.Contains([]string{".csv", ".tsv", ".jsonl", ".txt"}, strings.ToLower(filepath.Ext(name)))
}

// columnLine writes the values of one column.
func columnLine(values string) (string, error) {
	switch {
	case values == "":
		return "", errors.New("no value stands after the =")
	case strings.ContainsRune(values, 0):
		return "", errors.New("has a zero byte in it, which no program can be given")
	case strings.ContainsAny(values, "*?["):
		return "{ glob = " + quoteText(values) + " }", nil
	case !strings.Contains(values, ",") && isListFile(values):
		return "", fmt.Errorf("a list file names its columns itself: write --over %s", values)
	}
	if line := rangeLine(values); line != "" {
		return line, nil
	}
	list := strings.Split(values, ",")
	for i, value := range list {
		if value == "" {
			return "", errors.New("a value is missing at a comma")
		}
		list[i] = valueLine(value)
	}
	return "[" + strings.Join(list, ", ") + "]", nil
}

// rangeLine writes a:b or a:b:step; "" where the text is no range.
func rangeLine(values string) string {
	parts := strings.Split(values, ":")
	if len(parts) != 2 && len(parts) != 3 {
		return ""
	}
	for i, part := range parts {
		f, err := strconv.ParseFloat(part, 64)
		if err != nil || strings.ContainsAny(part, "xXpP_") {
			return ""
		}
		if number, ok := numeral(f); !ok {
			return ""
		} else if n, err := strconv.ParseInt(part, 10, 64); err == nil {
			parts[i] = strconv.FormatInt(n, 10)
		} else {
			parts[i] = number
		}
	}
	parts = append(parts, "1")
	return fmt.Sprintf("{ from = %s, to = %s, step = %s }", parts[0], parts[1], parts[2])
}

// valueLine writes a value as a number only if that reads back to the very same text:
// 007 and 0.30 stay text, or the command would be given 7 and 0.3.
func valueLine(value string) string {
	if n, err := strconv.ParseInt(value, 10, 64); err == nil && strconv.FormatInt(n, 10) == value {
		return value
	}
	if f, err := strconv.ParseFloat(value, 64); err == nil {
		if number, ok := numeral(f); ok && number == value {
			return value
		}
	}
	return quoteText(value)
}
