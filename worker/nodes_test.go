package worker

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"hpcsub/items"
)

// nodes are workers that share one queue, as srun starts them: each thinks that it is a node of its own.
type nodes struct {
	*testRun
	driver []string
	env    []string
}

// overNodes makes keys for a run as a script does.
func (r *testRun) overNodes(driver ...string) nodes {
	r.t.Helper()
	n := nodes{r, append([]string{"python3", r.dir.Python(driver[0])}, driver[1:]...), []string{"PATH=" + pythonPath(r.t)}}
	n.keys(0)
	return n
}

func (n nodes) keys(restart int) {
	n.t.Helper()
	keys := exec.Command(os.Args[0], "keys", "--attempt", string(n.dir), "--time-limit-s", "600")
	keys.Env = append(os.Environ(), actAs+"=worker", "SLURM_JOB_ID=100", fmt.Sprintf("SLURM_RESTART_COUNT=%d", restart))
	if out, err := keys.CombinedOutput(); err != nil {
		n.t.Fatalf("%v: %s", err, out)
	}
}

func (n nodes) options(rank, slots int) lifeOptions {
	return lifeOptions{part: rank, slots: slots, dispatcher: n.driver, flags: []string{"--together"},
		env: append(n.env, fmt.Sprintf("SLURMD_NODENAME=node%d", rank))}
}

// meeting is the folder where the drivers meet.
func (n nodes) meeting(name string) string { return filepath.Join(n.dir.Meeting("100", 0), name) }

// untilGo is a call that lasts until the test lets go.
const untilGo = "while not os.path.exists('go'): time.sleep(0.05)"

func (r *testRun) letGo() {
	r.t.Helper()
	must(r.t, os.WriteFile(filepath.Join(r.job, "go"), nil, 0o600))
}

const noted = "open('ran', 'a').write('%d\\n' % n)\n"

// eachDriver runs a test with Pathos and with Dask.
func eachDriver(t *testing.T, test func(t *testing.T, driver string)) {
	for _, driver := range []string{"pathos_nodes.py", "dask_nodes.py"} {
		t.Run(driver, func(t *testing.T) {
			t.Parallel()
			test(t, driver)
		})
	}
}

func TestCallsOverNodes(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, driver string) {
		r := calls(t, noted+"time.sleep(0.05)\nif n == 7: os._exit(3)\nreturn n * n", 120, 2)
		n := r.overNodes(driver, "2")
		n.bothEnd()
		n.checkSquares(120)
	})
}

// bothEnd runs two workers, one of which has an item that is not done.
func (n nodes) bothEnd() {
	n.t.Helper()
	other, own := n.start(n.options(1, 2)), n.start(n.options(0, 2))
	a, b := own.wait(3*time.Minute), other.wait(time.Minute)
	if a+b != ExitDone+ExitUndone || a != ExitDone && b != ExitDone {
		n.t.Errorf("exit codes %d and %d; stderr:\n%s%s", a, b, &own.stderr, &other.stderr)
	}
	for _, alarm := range []string{"makes no more calls", "begins anew"} {
		if said := own.stderr.String() + other.stderr.String(); strings.Contains(said, alarm) {
			n.t.Errorf("all is well, and stderr says %q: %s", alarm, said)
		}
	}
}

// checkSquares wants each call made once, on both nodes, with n*n as its value, but for 7.
func (n nodes) checkSquares(count int) {
	n.t.Helper()
	if ran := n.lines("ran"); len(ran) != count {
		n.t.Errorf("%d calls were made, want %d", len(ran), count)
	}
	on := map[string]int{}
	ends := n.ends()
	for i := range count {
		rec := ends[i]
		on[rec.Node]++
		if want := fmt.Sprint(i * i); i != 7 && (rec.State != items.Done || string(rec.Value) != want) {
			n.t.Errorf("call %d: %s, value %s, want %s", i, rec.State, rec.Value, want)
		}
	}
	if rec := ends[7]; rec.State != items.Failed || rec.Cause != "the call ended its process with exit code 3" {
		n.t.Errorf("call 7: %s, %q", rec.State, rec.Cause)
	}
	if on["node0"] < count/5 || on["node1"] < count/5 {
		n.t.Errorf("unequal shares: %v", on)
	}
}

// TestCallsThatEndLikeOneNotStarted: a call that ends its process with the exit code by which a worker says that it has not started one
// was made all the same, and is not made again.
func TestCallsThatEndLikeOneNotStarted(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, driver string) {
		r := calls(t, noted+fmt.Sprintf("if n == 2: os._exit(%d)\nreturn n", codeNotStarted), 6, 1)
		n := r.overNodes(driver, "2")
		r.exits(ExitUndone, n.options(0, 2))
		if ran := r.lines("ran"); len(ran) != 6 {
			t.Errorf("calls %v were made, want each of 6 once", ran)
		}
		if rec := r.ends()[2]; rec.State != items.Failed || rec.Cause != "the call ended its process with exit code 75" {
			t.Errorf("call 2: %s, %q", rec.State, rec.Cause)
		}
	})
}

// TestPathosWithoutTheSecret: the public default is refused, and so is any other; the files are closed to others.
func TestPathosWithoutTheSecret(t *testing.T) {
	t.Parallel()
	r := calls(t, untilGo, 1, 1)
	n := r.overNodes("pathos_nodes.py", "1")
	l := r.start(n.options(0, 1))
	awaits(t, "the server is there", func() bool { _, err := os.Stat(n.meeting("server.0")); return err == nil })
	address, err := os.ReadFile(n.meeting("server.0"))
	must(t, err)
	secret, err := os.ReadFile(n.meeting("secret"))
	must(t, err)
	for name, try := range map[string]struct{ secret, want string }{
		"default": {"None", "False"}, "another": {"'x'", "False"}, "right": {fmt.Sprintf("%q", secret), "True"},
	} {
		if got := n.connect(string(address), try.secret); got != try.want {
			t.Errorf("%s secret: connected %s, want %s", name, got, try.want)
		}
	}
	n.checkClosed()
	command, err := exec.Command("ps", "-eo", "args").Output()
	must(t, err)
	if strings.Contains(string(command), string(secret)) {
		t.Error("the secret stands in a command line")
	}
	r.letGo()
	if got := l.wait(time.Minute); got != ExitDone {
		t.Errorf("exit code %d: %s", got, &l.stderr)
	}
}

// connect tries to be a client of a server of ppft.
func (n nodes) connect(address, secret string) string {
	n.t.Helper()
	const client = `
import sys, ppft, ppft._pp
host, port = sys.argv[1].split(":")
server = ppft.Server(ncpus=0, ppservers=(), secret=%s)
print(getattr(ppft._pp._RWorker(host, int(port), server.secret, server, "STAT", False, 10), "is_free", False))`
	bin, _, _ := strings.Cut(pythonPath(n.t), ":")
	cmd := exec.Command(filepath.Join(bin, "python3"), "-c", fmt.Sprintf(client, secret), address)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		n.t.Errorf("%v: %s", err, &stderr)
	}
	return strings.TrimSpace(string(out))
}

// TestDaskMakesATaskAgain: Dask does so unseen when a result is lost with its worker before it was fetched. The second
// time the calls are asked for as such that may have been made.
func TestDaskMakesATaskAgain(t *testing.T) {
	t.Parallel()
	const program = `
import asyncio, os, socket, sys, threading
sys.path.insert(0, sys.argv[1])
import dask_nodes
from distributed import Client, Scheduler, Worker, wait

def serve(server):
    while True:
        conn, _ = server.accept()
        print(repr(conn.recv(100).decode()), flush=True)
        conn.sendall(b"0\n")
        conn.close()

async def main():
    private = {"dashboard_address": "127.0.0.1:0"}
    async with Scheduler(port=0, **private) as scheduler:
        fresh = dask_nodes.fence(scheduler)
        fresh.add(7)
        first = await Worker(scheduler.address, nthreads=1, **private)
        async with Client(scheduler.address, asynchronous=True) as client:
            future = client.submit(dask_nodes.ask_once, 7, "5 6\n", pure=False)
            await wait(future)
            await first.close()
            async with Worker(scheduler.address, nthreads=1, **private):
                print(await future)

server = socket.socket(socket.AF_UNIX)
server.bind(os.environ["HPCSUB_SOCKET"])
server.listen()
threading.Thread(target=serve, args=(server,), daemon=True).start()
asyncio.run(main())`
	bin, _, _ := strings.Cut(pythonPath(t), ":")
	cmd := exec.Command(filepath.Join(bin, "python3"), "-c", program, "../templates/python")
	cmd.Env = append(os.Environ(), "HPCSUB_SOCKET="+filepath.Join(t.TempDir(), "s"), "HPCSUB_NODE=c1")
	out, err := cmd.Output()
	if want := `'5 6\n'` + "\n" + `'again 5 6\n'` + "\n0 c1\n"; err != nil || string(out) != want {
		t.Errorf("got %q, %v, want %q", out, err, want)
	}
}

// TestCallsOverNodesResume: a second life of the job makes no call again that returned, on whichever node.
func TestCallsOverNodesResume(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, driver string) {
		r := calls(t, noted+"time.sleep(0.1)\nif n > 30 and not os.path.exists('go'): time.sleep(60)\nreturn n", 40, 2) // the even ones first
		n := r.overNodes(driver, "2")
		first, second := r.start(n.options(1, 2)), r.start(n.options(0, 2))
		awaits(t, "calls sleep on both", func() bool { return len(r.lines("ran")) == 20 })
		for _, l := range []*life{first, second} {
			must(t, l.cmd.Process.Signal(syscall.SIGTERM))
			l.wait(time.Minute)
		}
		r.letGo()
		n.keys(1)
		again := func(rank int) *life {
			o := n.options(rank, 2)
			o.restart = 1
			return r.start(o)
		}
		for _, l := range []*life{again(1), again(0)} {
			if got := l.wait(3 * time.Minute); got != ExitDone {
				t.Errorf("exit code %d: %s", got, &l.stderr)
			}
		}
		n.checkAllDone(40)
	})
}

// TestCallsOfALostNode: they are made by the others, and none of which a success is recorded is made again.
func TestCallsOfALostNode(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, driver string) {
		r := calls(t, noted+"time.sleep(0.05)\nreturn n", 150, 2)
		n := r.overNodes(driver, "2")
		other := r.start(n.options(1, 2))
		l := r.start(n.options(0, 2))
		awaits(t, "the other node has calls", func() bool { return len(r.endsOn("node1")) > 5 })
		must(t, other.cmd.Process.Kill())
		if got := l.wait(3 * time.Minute); got != ExitDone {
			t.Errorf("exit code %d: %s", got, &l.stderr)
		}
		if said := strings.Count(l.stderr.String(), "cannot be reached, its node makes no more calls"); driver == "pathos_nodes.py" && said != 1 {
			t.Errorf("that a node is gone was said %d times, want once: %s", said, &l.stderr)
		}
		n.checkAllDone(150)
	})
}

// TestDriverOfANodeDies: the other nodes go on, and that this one does not is told.
func TestDriverOfANodeDies(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, driver string) {
		r := calls(t, noted+untilGo+"\nreturn n", 20, 2)
		n := r.overNodes(driver, "2")
		other, own := r.start(n.options(1, 2)), r.start(n.options(0, 2))
		awaits(t, "all slots have calls", func() bool { return len(r.records()) == 4 })
		signalBelow(t, other, "/"+driver, syscall.SIGKILL)
		signalBelow(t, other, "ppft", syscall.SIGKILL) // the server's processes, which ask for calls
		if got := other.wait(time.Minute); got != ExitUndone || !strings.Contains(other.stderr.String(), "warning: node node1 makes no more calls: its part of the driver ended of SIGKILL; the other nodes go on\n") {
			t.Errorf("exit code %d: %s", got, &other.stderr)
		}
		r.letGo()
		if got := own.wait(3 * time.Minute); got != ExitDone {
			t.Errorf("exit code %d: %s", got, &own.stderr)
		}
		n.checkAllDone(20)
	})
}

// signalBelow sends a signal to those processes below a worker in whose command line a word is.
func signalBelow(t *testing.T, l *life, word string, sig syscall.Signal) {
	t.Helper()
	for _, p := range newTree().walk(l.cmd.Process.Pid) {
		if text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.PID)); p.PID != l.cmd.Process.Pid && strings.Contains(string(text), word) {
			if err := syscall.Kill(p.PID, sig); err != nil && err != syscall.ESRCH { // gone already
				t.Error(err)
			}
		}
	}
}

// TestDaskLosesAWorker: one whose connection to its scheduler breaks begins anew and gets calls again; on the node with the
// queue, too, whose worker must not take the run along.
func TestDaskLosesAWorker(t *testing.T) {
	t.Parallel()
	for rank := range 2 {
		t.Run(fmt.Sprintf("node%d", rank), func(t *testing.T) {
			t.Parallel()
			r := calls(t, noted+untilGo+"\nreturn n", 40, 2)
			n := r.overNodes("dask_nodes.py", "2")
			n.env = append(n.env, "PYTHONPATH="+r.breaker(fmt.Sprintf(`"dask_nodes.py" in words[1] and os.environ["HPCSUB_RANK"] == "%d" and (%d > 0 or "work" in words)`, rank, rank)))
			other, own := r.start(n.options(1, 2)), r.start(n.options(0, 2))
			node := fmt.Sprintf("node%d", rank)
			calledSince := func(when float64) bool {
				return slices.ContainsFunc(r.records(), func(rec items.Record) bool { return rec.Node == node && rec.Start > when })
			}
			awaits(t, "the node has calls", func() bool { return calledSince(0) })
			must(t, os.WriteFile(filepath.Join(r.job, "break"), nil, 0o600))
			awaits(t, "the connection is broken", func() bool { return len(r.lines("broken")) == 1 })
			broken := unixSeconds(time.Now())
			awaits(t, "the node has calls again", func() bool { return calledSince(broken) })
			r.letGo()
			ends := []int{own.wait(time.Minute), other.wait(time.Minute)}
			if ends[rank] != ExitUndone || ends[1-rank] != ExitDone { // what it had was ended, and made later
				t.Errorf("exit codes %v: %s%s", ends, &own.stderr, &other.stderr)
			}
			if said := own.stderr.String() + other.stderr.String(); strings.Count(said, "has lost its scheduler, 1 of 10 times, and begins anew") != 1 {
				t.Errorf("stderr: %s", said)
			}
			n.checkAllDone(40)
		})
	}
}

// TestDaskAfterASuspension: a job that was suspended goes on where it was, for however long that was.
func TestDaskAfterASuspension(t *testing.T) {
	t.Parallel()
	for name, parts := range map[string]int{"one node": 1, "nodes": 2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := calls(t, noted+untilGo+"\nreturn n", 20, parts)
			n := r.overNodes("dask_nodes.py", "2")
			n.env = append(n.env, "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL=1s") // Dask makes 5 s of it, and has 5 min by itself
			var lives []*life
			for rank := range parts {
				o := n.options(rank, 2)
				if parts == 1 {
					o.dispatcher, o.flags = r.daskCommand(2), nil
				}
				lives = append(lives, r.start(o))
			}
			awaits(t, "all slots have calls", func() bool { return len(r.records()) == 2*parts })
			for _, l := range lives {
				signalBelow(t, l, "/dask_", syscall.SIGSTOP)
			}
			time.Sleep(7 * time.Second)
			for _, l := range lives {
				signalBelow(t, l, "/dask_", syscall.SIGCONT)
			}
			time.Sleep(time.Second)
			r.letGo()
			for _, l := range lives {
				if got := l.wait(time.Minute); got != ExitDone {
					t.Errorf("exit code %d: %s", got, &l.stderr)
				}
			}
			if ran := r.lines("ran"); len(ran) != 20 {
				t.Errorf("%d calls were made, want 20", len(ran))
			}
		})
	}
}

// breaker is a folder of a module that Python imports as it starts: in a process whose words are such, it breaks all connections, once.
func (r *testRun) breaker(such string) string {
	r.t.Helper()
	dir := r.t.TempDir()
	const module = `
import os, socket, threading, time
def wait():
    while True:
        time.sleep(0.05)
        try:
            os.remove("break")
        except OSError:
            continue
        for name in os.listdir("/proc/self/fd"):
            try:
                connection = socket.socket(fileno=os.dup(int(name)))
                if connection.family == socket.AF_INET:
                    connection.getpeername()
                    connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        open("broken", "a").write("broken\n")
words = open("/proc/self/cmdline").read().split("\0")
if %s:
    threading.Thread(target=wait, daemon=True).start()
`
	must(r.t, os.WriteFile(filepath.Join(dir, "sitecustomize.py"), fmt.Appendf(nil, module, such), 0o600))
	return dir
}

// TestDaskWithoutTheCertificate: neither no certificate nor another one opens a connection, and no port talks HTTP.
func TestDaskWithoutTheCertificate(t *testing.T) {
	t.Parallel()
	r := calls(t, untilGo, 1, 1)
	n := r.overNodes("dask_nodes.py", "1")
	l := r.start(n.options(0, 1))
	awaits(t, "a call runs", func() bool { return len(r.records()) > 0 })
	stranger := filepath.Join(t.TempDir(), "attempts", "1")
	must(t, os.MkdirAll(stranger, 0o700))
	keys := exec.Command(os.Args[0], "keys", "--attempt", stranger)
	keys.Env = append(os.Environ(), actAs+"=worker", "SLURM_JOB_ID=100")
	must(t, keys.Run())
	const client = `
import json, sys
from distributed import Client, Security
address, folder = json.load(open(sys.argv[1]))["address"], sys.argv[2]
security = Security(require_encryption=True, tls_ca_file=folder + "/ca.pem", tls_client_cert=folder + "/cert.pem",
                    tls_client_key=folder + "/key.pem") if folder else None
if not folder: address = address.replace("tls", "tcp")
try:
    print(len(Client(address, security=security, timeout=5).scheduler_info()["workers"]))
except Exception as error:
    print("refused")`
	bin, _, _ := strings.Cut(pythonPath(t), ":")
	for name, try := range map[string]struct{ folder, want string }{
		"none": {"", "refused"}, "another": {string(items.AttemptDir(stranger).Meeting("100", 0)), "refused"}, "its own": {n.meeting(""), "1"},
	} {
		out, err := exec.Command(filepath.Join(bin, "python3"), "-c", client, n.meeting("scheduler.json"), try.folder).Output()
		if err != nil || strings.TrimSpace(string(out)) != try.want {
			t.Errorf("with %s certificate: %q, %v, want %s", name, out, err, try.want)
		}
	}
	n.checkClosed()
	for _, port := range listening(t, l.cmd.Process.Pid) {
		if answer := httpAnswer(port); strings.HasPrefix(answer, "HTTP/") {
			t.Errorf("port %d speaks HTTP: %.80q", port, answer)
		}
	}
	r.letGo()
	if got := l.wait(3 * time.Minute); got != ExitDone {
		t.Errorf("exit code %d: %s", got, &l.stderr)
	}
}

// listening are the TCP ports on which the processes below one listen.
func listening(t *testing.T, pid int) (ports []int64) {
	t.Helper()
	sockets := map[string]bool{}
	for _, s := range newTree().walk(pid) {
		links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", s.PID))
		for _, link := range links {
			target, _ := os.Readlink(link)
			sockets[strings.TrimSuffix(strings.TrimPrefix(target, "socket:["), "]")] = true
		}
	}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, _ := os.ReadFile(table)
		for line := range strings.Lines(string(text)) {
			if f := strings.Fields(line); len(f) > 9 && f[3] == "0A" && sockets[f[9]] {
				port, err := strconv.ParseInt(f[1][strings.LastIndexByte(f[1], ':')+1:], 16, 32)
				must(t, err)
				ports = append(ports, port)
			}
		}
	}
	if len(ports) < 2 {
		t.Errorf("listening ports %v, want those of a scheduler and a worker", ports)
	}
	return ports
}

// httpAnswer is what a port says to a request of HTTP, "" for nothing.
func httpAnswer(port int64) string {
	conn, err := net.DialTimeout("tcp", fmt.Sprintf("localhost:%d", port), time.Second)
	if err != nil {
		return ""
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(2 * time.Second))
	fmt.Fprint(conn, "GET / HTTP/1.0\r\n\r\n")
	answer, _ := io.ReadAll(conn)
	return string(answer)
}

// checkClosed wants the files of the meeting closed to others.
func (n nodes) checkClosed() {
	n.t.Helper()
	must(n.t, filepath.Walk(n.meeting(""), func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			n.t.Errorf("%s is open to others: %s", path, info.Mode())
		}
		return err
	}))
}

// checkAllDone wants one success of each call, on whichever node.
func (n nodes) checkAllDone(count int) {
	n.t.Helper()
	done := map[int]bool{}
	for _, rec := range n.records() {
		if rec.State != items.Done {
			continue
		}
		if done[rec.Index] {
			n.t.Errorf("call %d returned twice", rec.Index)
		}
		done[rec.Index] = true
	}
	if len(done) != count {
		n.t.Errorf("%d calls are done, want %d", len(done), count)
	}
}

// endsOn are the end records of a node.
func (r *testRun) endsOn(node string) (all []items.Record) {
	for _, rec := range r.records() {
		if rec.Node == node && rec.State == items.Done {
			all = append(all, rec)
		}
	}
	return all
}

// awaits is eventually for what starts a dozen interpreters before, on a machine that may be busy.
func awaits(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !holds(); {
		if time.Now().After(end) {
			t.Fatalf("waited 2 min in vain: %s", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
