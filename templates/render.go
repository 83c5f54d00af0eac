package templates

// Render writes the batch script.
func Render(s Script) (string, error) {
	return "", nil
}
