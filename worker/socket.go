package worker

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// socketVariable names the socket to what GNU Parallel starts.
const socketVariable = "HPCSUB_SOCKET"

// codeNotStarted is what RunItem exits with when its item was not started (EX_TEMPFAIL).
const codeNotStarted = 75

// socket is where what GNU Parallel starts asks for items: in a folder that only its owner may
// enter, on the node itself.
type socket struct {
	path     string
	listener net.Listener
	requests chan *request
}

// request asks for the items at places of the part. Its fields but the connection are under the engine's lock.
type request struct {
	places []int // as they were asked for
	left   int   // how many of them have no end yet
	again  bool  // they were handed out before, to a node that was lost
	looked bool  // what other workers have recorded was read for it
	conn   net.Conn
	code   int  // the worst exit code so far
	turned bool // one of them was not started
	minded bool // it is watched whether who asked is still there
	gone   bool // who asked has gone
}

func listenSocket() (*socket, error) {
	dir, err := privateDir()
	if err != nil {
		return nil, fmt.Errorf("making a folder for the worker's socket: %w", err)
	}
	s := &socket{path: filepath.Join(dir, "s"), requests: make(chan *request)}
	if s.listener, err = net.Listen("unix", s.path); err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("making the worker's socket: %w", err)
	}
	if err := os.Chmod(s.path, 0o600); err != nil {
		s.close()
		return nil, fmt.Errorf("making the worker's socket: %w", err)
	}
	go s.accept()
	return s, nil
}

// privateDir makes a folder with a short name: the path of a socket has room for 107 bytes.
func privateDir() (string, error) {
	const room = 80
	dir, err := os.MkdirTemp("", "hpcsub-")
	if err == nil && len(dir) > room {
		os.Remove(dir)
		dir, err = os.MkdirTemp("/tmp", "hpcsub-")
	}
	return dir, err
}

func (s *socket) close() {
	s.listener.Close()
	os.RemoveAll(filepath.Dir(s.path))
}

func (s *socket) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return // closed
		}
		go s.read(conn)
	}
}

// read takes the request of one connection: a line of places.
func (s *socket) read(conn net.Conn) {
	line, err := bufio.NewReaderSize(conn, 64).ReadString('\n')
	r := &request{conn: conn}
	line, r.again = strings.CutPrefix(line, again)
	for _, word := range strings.Fields(line) {
		place, bad := strconv.Atoi(word)
		if bad != nil || place < 0 {
			conn.Close()
			return
		}
		r.places = append(r.places, place)
	}
	if err != nil || len(r.places) == 0 {
		conn.Close()
		return
	}
	r.left = len(r.places)
	if r.again {
		time.Sleep(settling)
	}
	s.requests <- r
}

// answer tells the exit code and ends the connection.
func (r *request) answer(code int) {
	fmt.Fprintln(r.conn, code) // who is gone needs no answer
	r.conn.Close()
}

// awaitClose returns when either side has closed the connection.
func (r *request) awaitClose() {
	r.conn.Read(make([]byte, 1))
}
