package items

import (
	"strings"
	"testing"
)

func expandText(t *testing.T, s string, columns []string, values ...string) string {
	t.Helper()
	parsed, err := parseText(s, columns)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	it := Item{Index: 7}
	for _, v := range values {
		it.Values = append(it.Values, TextValue(v))
	}
	return string(parsed.append(nil, &it))
}

func TestPlaceholders(t *testing.T) {
	columns := []string{"image", "beta", "a.stem", "a", "sample id", "1"}
	values := []string{"images/cat.tar.gz", "0.1", "exact", "x/y.z", "s 1", "one"}
	tests := []struct{ name, text, want string }{
		{"no placeholder", "plain", "plain"},
		{"empty", "", ""},
		{"a column", "{beta}", "0.1"},
		{"text around", "--beta={beta},", "--beta=0.1,"},
		{"two", "{beta}{image}", "0.1images/cat.tar.gz"},
		{"stem", "{image.stem}", "cat.tar"},
		{"name", "{image.name}", "cat.tar.gz"},
		{"dir", "{image.dir}", "images"},
		{"ext", "{image.ext}", ".gz"},
		{"index", "{index}", "7"},
		{"an exact name first", "{a.stem}", "exact"},
		{"then the part", "{a.name}", "y.z"},
		{"a part of a name with a dot", "{a.stem.stem}", "exact"},
		{"a name with a space", "{sample id}", "s 1"},
		{"a name of digits", "{1}", "one"},
		{"braces", "{{{beta}}}", "{0.1}"},
		{"json", `{{"beta": {beta}}}`, `{"beta": 0.1}`},
		{"only braces", "{{}}", "{}"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := expandText(t, tt.text, columns, values...); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestPlaceholderErrors(t *testing.T) {
	tests := []struct {
		name, text string
		columns    []string
		want       string
	}{
		{"a typing slip", "{imge}", []string{"beta", "image"}, `{imge} is no column; did you mean "image"?`},
		{"a slip before a part", "{imge.stem}", []string{"beta", "image"}, `did you mean "image"?`},
		{"nothing near", "{zzzzzzzz}", []string{"beta", "image"}, `{zzzzzzzz} is no column; there are "beta", "image"`},
		{"another letter case", "{B}", []string{"a", "b"}, `{B} is no column; did you mean "b"?`},
		{"another letter", "{c}", []string{"a", "b"}, `{c} is no column; there are "a", "b"`},
		{"no columns", "{x}", nil, "this job has no columns: give it items, [sweep] or [zip]"},
		{"no such part", "{image.size}", []string{"image"}, `{image.size}: of a column there are .stem, .name, .dir and .ext, not ".size"`},
		{"empty braces", "{}", []string{"image"}, "{} names no column"},
		{"awk", "{print $1}", []string{"image"}, "for the braces themselves write {{print $1}}"},
		{"open", "a{image", []string{"image"}, "a { without a }; for the character itself write {{"},
		{"closed", "image}", []string{"image"}, "a } without a {; for the character itself write }}"},
		{"half doubled", "{{image}", []string{"image"}, "a } without a {"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := parseText(tt.text, tt.columns); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, %v, want %q in the error", got, err, tt.want)
			}
		})
	}
}

func TestColumnCalledIndex(t *testing.T) {
	if got := expandText(t, "{index}", []string{"index"}, "mine"); got != "mine" {
		t.Errorf("got %q, want the column's value", got)
	}
}

func TestPathPart(t *testing.T) {
	// as Python's pathlib, but that an empty path has the folder "."
	tests := []struct{ path, stem, name, dir, ext string }{
		{"a/b.jpg", "b", "b.jpg", "a", ".jpg"},
		{"b.jpg", "b", "b.jpg", ".", ".jpg"},
		{"/b.jpg", "b", "b.jpg", "/", ".jpg"},
		{"/a/b", "b", "b", "/a", ""},
		{"a/../b.c/d.e", "d", "d.e", "a/../b.c", ".e"},
		{"a//b", "b", "b", "a", ""},
		{"a/b/", "b", "b", "a", ""},
		{".bashrc", ".bashrc", ".bashrc", ".", ""},
		{"a.", "a.", "a.", ".", ""},
		{"..", "..", "..", ".", ""},
		{"a.tar.gz", "a.tar", "a.tar.gz", ".", ".gz"},
		{"", "", "", ".", ""},
		{"/", "", "", "/", ""},
		{"ä b/ü x.z", "ü x", "ü x.z", "ä b", ".z"},
	}
	for _, tt := range tests {
		for part, want := range map[string]string{"stem": tt.stem, "name": tt.name, "dir": tt.dir, "ext": tt.ext, "": tt.path} {
			if got := pathPart(tt.path, part); got != want {
				t.Errorf("%q %s: got %q, want %q", tt.path, part, got, want)
			}
		}
	}
}

// FuzzPlaceholder checks that text without placeholders comes back when its braces are
// doubled, and that a value is never read for placeholders.
func FuzzPlaceholder(f *testing.F) {
	f.Add("a{x}b", "v")
	f.Add("{{x}}", "{x}")
	f.Add("{x.stem}{x.ext}", "a/b.c")
	f.Fuzz(func(t *testing.T, s, value string) {
		columns := []string{"x"}
		doubled := strings.NewReplacer("{", "{{", "}", "}}").Replace(s)
		if got := expandText(t, doubled, columns, value); got != s {
			t.Errorf("%q: got %q, want %q", doubled, got, s)
		}
		if got := expandText(t, "{x}", columns, value); got != value {
			t.Errorf("got %q, want %q", got, value)
		}
		if got := expandText(t, "{x.stem}{x.ext}", columns, value); got != expandText(t, "{x.name}", columns, value) {
			t.Errorf("%q: stem and ext are %q", value, got)
		}
		if parsed, err := parseText(s, columns); err == nil && !strings.ContainsAny(s, "{}") && !parsed.constant() {
			t.Errorf("%q: a placeholder without braces", s)
		}
	})
}
