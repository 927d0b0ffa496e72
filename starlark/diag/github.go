package diag

import (
	"fmt"
	"io"
	"strings"

	"github.com/ldcorn/ldcorn/engine/api"
)

// WriteGitHub prints the report as workflow commands, which GitHub Actions
// shows beside the lines of a change.
func WriteGitHub(w io.Writer, r *Report) error {
	var out strings.Builder
	for _, d := range r.Diagnostics {
		var props []string
		if d.Span.File != "" {
			props = append(props, "file="+githubProperty(d.Span.File))
		}
		if d.Span.Line > 0 {
			props = append(props,
				fmt.Sprintf("line=%d", d.Span.Line),
				fmt.Sprintf("col=%d", d.Span.Col),
				fmt.Sprintf("endColumn=%d", max(d.Span.End, d.Span.Col+1)))
		}
		props = append(props, "title="+githubProperty("ldcorn "+d.Code))
		text := d.Message
		for _, more := range append([]string{d.Label, d.Hint}, d.Detail...) {
			if more != "" {
				text += "\n" + more
			}
		}
		fmt.Fprintf(&out, "::%s %s::%s\n", d.Severity, strings.Join(props, ","), githubData(text))
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// WriteGitHubNote prints how a configuration in Python was read, as a workflow command.
// A nil use prints nothing.
func WriteGitHubNote(w io.Writer, file string, use *api.PythonUse) error {
	if use == nil {
		return nil
	}
	props := []string{"file=" + githubProperty(file)}
	if parts := strings.Split(use.At, ":"); len(parts) > 2 { // the name may have colons, too
		props = append(props, "line="+githubProperty(parts[len(parts)-2]), "col="+githubProperty(parts[len(parts)-1]))
	}
	_, err := fmt.Fprintf(w, "::notice %s,title=ldcorn::%s\n", strings.Join(props, ","), githubData(use.Sentence(file)))
	return err
}

// githubData escapes the text of a workflow command.
func githubData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func githubProperty(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(githubData(s))
}
