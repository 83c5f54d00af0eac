package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// RunItem asks the worker that stands behind GNU Parallel to run the item at a place of its
// part, and returns the item's exit code when it has ended. GNU Parallel starts it once an item,
// so it does little: no goroutine, no package net, one connection.
func RunItem(_ context.Context, place string) (exit int, err error) {
	if n, err := strconv.Atoi(place); err != nil || n < 0 {
		return ExitFailed, fmt.Errorf("item: want its place in the part, from 0, got %q", place)
	}
	path := os.Getenv(socketVariable)
	if path == "" {
		return ExitFailed, errors.New("item: " + socketVariable + " is not set: this command is started by a worker's GNU Parallel")
	}
	text, err := ask(path, place+"\n")
	if err != nil {
		return ExitFailed, fmt.Errorf("asking the worker for item %s: %w", place, err)
	}
	exit, err = strconv.Atoi(strings.TrimSuffix(text, "\n"))
	if err != nil {
		return ExitFailed, fmt.Errorf("asking the worker for item %s: it ended without an answer", place)
	}
	return exit, nil
}

// ask sends a line to a socket and returns what comes back until the other side closes.
func ask(path, line string) (string, error) {
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	defer syscall.Close(fd)
	if err := connect(fd, path); err != nil {
		return "", err
	}
	if _, err := syscall.Write(fd, []byte(line)); err != nil {
		return "", err
	}
	var answer []byte
	for buf := make([]byte, 32); ; {
		n, err := syscall.Read(fd, buf)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			return "", err
		case n == 0:
			return string(answer), nil
		default:
			answer = append(answer, buf[:n]...)
		}
	}
}

func connect(fd int, path string) error {
	for {
		if err := syscall.Connect(fd, &syscall.SockaddrUnix{Name: path}); err != syscall.EINTR {
			return err
		}
	}
}
