package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"
)

type connectionKey struct{}

// proxy passes requests on to the API server as they are, credentials included, and has the rules' way with them.
type proxy struct {
	server *url.URL
	client *http.Client // passes tokens on; has no certificate of its own, or the server would take everybody for its owner
	admin  *http.Client // looks at objects before they are written to
	rules  *ruleSet
	record *record

	mu      sync.Mutex
	watches map[*exchange]context.CancelFunc // those that are open
}

// cut ends the watches that are open; how many there were. What they open next meets the rules.
func (p *proxy) cut() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, cancel := range p.watches {
		cancel()
	}
	return len(p.watches)
}

func (p *proxy) opened(x *exchange, cancel context.CancelFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.watches[x] = cancel
}

func (p *proxy) closed(x *exchange) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.watches, x)
}

// exchange is one request on its way.
type exchange struct {
	*proxy
	w     http.ResponseWriter
	r     *http.Request
	t     target
	rules []*rule
	entry entry
	slow  int            // bytes per second; 0: at full speed
	seen  map[string]any // the object before a write
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t := targetOf(r)
	x := &exchange{proxy: p, w: w, r: r, t: t, rules: p.rules.hitting(t)}
	x.entry = entry{Time: now(), target: t, Manager: r.URL.Query().Get("fieldManager"), User: r.Header.Get("Impersonate-User")}
	var names []string
	for _, hit := range x.rules {
		names = append(names, hit.Action)
		if hit.Action == "slow" {
			x.slow = hit.BytesPerSecond
		}
	}
	x.entry.Rules = strings.Join(names, " ")
	x.run()
}

// hit is the first rule with one of these actions that hits this request.
func (x *exchange) hit(actions ...string) *rule {
	for _, r := range x.rules {
		for _, action := range actions {
			if r.Action == action {
				return r
			}
		}
	}
	return nil
}

func (x *exchange) run() {
	body, err := io.ReadAll(x.r.Body)
	if err != nil {
		return
	}
	if r := x.hit("delay"); r != nil && !x.pause(time.Duration(r.Milliseconds)*time.Millisecond) {
		x.record.add(x.entry)
		return
	}
	if r := x.hit("late"); r != nil {
		time.Sleep(time.Duration(r.Milliseconds) * time.Millisecond)
	}
	if r := x.hit("drop-before"); r != nil {
		x.record.add(x.entry)
		x.abort(r)
	}
	if r := x.hit("status"); r != nil {
		x.entry.Status = r.Status
		x.record.add(x.entry)
		x.answerStatus(r)
		return
	}
	if x.t.Verb == "watch" {
		x.watch()
		return
	}
	x.plain(body)
}

// pause waits; false if the client left meanwhile.
func (x *exchange) pause(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-x.r.Context().Done():
		return false
	}
}

// abort ends the exchange as a broken connection does. Does not return.
func (x *exchange) abort(r *rule) {
	if r.Connection {
		if connection, ok := x.r.Context().Value(connectionKey{}).(interface{ NetConn() net.Conn }); ok {
			if tcp, ok := connection.NetConn().(*net.TCPConn); ok {
				_ = tcp.SetLinger(0)
				_ = tcp.Close()
			}
		}
	}
	panic(http.ErrAbortHandler)
}

var reasons = map[int]string{404: "NotFound", 409: "Conflict", 410: "Expired", 429: "TooManyRequests", 500: "InternalError", 503: "ServiceUnavailable",
	504: "Timeout"}

func statusDocument(code int, message string) map[string]any {
	return map[string]any{"kind": "Status", "apiVersion": "v1", "metadata": map[string]any{}, "status": "Failure", "message": message,
		"reason": reasons[code], "code": code}
}

func (x *exchange) answerStatus(r *rule) {
	x.w.Header().Set("Content-Type", "application/json")
	if r.RetryAfter != "" {
		x.w.Header().Set("Retry-After", r.RetryAfter)
	}
	x.w.WriteHeader(r.Status)
	if r.Body != "" {
		_, _ = io.WriteString(x.w, r.Body)
		return
	}
	_ = json.NewEncoder(x.w).Encode(statusDocument(r.Status, "the fault proxy says so"))
}

// --- requests with one answer

// upstream sends the request on. What may change something is seen through to its end although the client may leave: the record would
// otherwise not know what came of it.
func (x *exchange) upstream(ctx context.Context, body []byte) (*http.Response, error) {
	to := *x.r.URL
	to.Scheme, to.Host = x.server.Scheme, x.server.Host
	if r := x.hit("stale"); r != nil {
		query := to.Query()
		query.Set("resourceVersion", r.ResourceVersion)
		if x.t.Verb == "list" {
			query.Set("resourceVersionMatch", "Exact")
			query.Del("continue")
		}
		to.RawQuery = query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, x.r.Method, to.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header = x.r.Header.Clone()
	request.Header.Del("Accept-Encoding") // the record reads the answers
	return x.client.Do(request)
}

func (x *exchange) plain(body []byte) {
	ctx := x.r.Context()
	if x.t.writes() {
		x.lookBefore(body)
		if ctx.Err() != nil && x.hit("late") == nil { // the client left before anything was sent
			x.record.add(x.entry)
			return
		}
		ctx = context.WithoutCancel(ctx)
	}
	response, err := x.upstream(ctx, body)
	if err != nil {
		x.record.add(x.entry)
		panic(http.ErrAbortHandler)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	x.entry.Reached, x.entry.Status = true, response.StatusCode
	if x.t.writes() {
		x.lookAfter(response.StatusCode, answer)
	}
	x.record.add(x.entry)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if r := x.hit("drop-after"); r != nil {
		x.abort(r)
	}
	x.pass(response, answer)
}

// pass gives the answer to the client, whole or as far as a rule lets it.
func (x *exchange) pass(response *http.Response, answer []byte) {
	copyHeader(x.w.Header(), response.Header)
	r := x.hit("cut", "short", "stall")
	if r == nil {
		x.w.WriteHeader(response.StatusCode)
		x.write(answer)
		return
	}
	if r.Action == "short" { // an end like any other: only the text itself tells
		x.w.Header().Del("Content-Length")
	}
	x.w.WriteHeader(response.StatusCode)
	x.write(answer[:int(float64(len(answer))*r.Fraction)])
	switch r.Action {
	case "cut":
		x.abort(r)
	case "stall":
		x.stall(r)
	}
}

func (x *exchange) stall(r *rule) {
	if r.Milliseconds == 0 {
		<-x.r.Context().Done()
		return
	}
	x.pause(time.Duration(r.Milliseconds) * time.Millisecond)
	x.abort(r)
}

// write sends bytes at the speed there is. Pieces of a tenth of a second.
func (x *exchange) write(data []byte) {
	flush := http.NewResponseController(x.w).Flush
	for x.slow > 0 && len(data) > 0 {
		n := min(len(data), max(x.slow/10, 1))
		if _, err := x.w.Write(data[:n]); err != nil {
			return
		}
		_ = flush()
		data = data[n:]
		if !x.pause(100 * time.Millisecond) {
			return
		}
	}
	_, _ = x.w.Write(data)
	_ = flush()
}

func copyHeader(to, from http.Header) {
	for key, values := range from {
		if key != "Connection" && key != "Transfer-Encoding" {
			to[key] = values
		}
	}
}

// --- what a write did

type objectHead struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name            string `json:"name"`
		UID             string `json:"uid"`
		ResourceVersion string `json:"resourceVersion"`
	} `json:"metadata"`
}

// lookBefore notes the object as it is.
func (x *exchange) lookBefore(body []byte) {
	if x.t.Verb == "delete" {
		var options struct {
			Preconditions struct{ UID, ResourceVersion string } `json:"preconditions"`
		}
		_ = json.Unmarshal(body, &options)
		x.entry.Precondition = options.Preconditions.UID
	}
	if x.t.Name == "" {
		var head objectHead
		_ = json.Unmarshal(body, &head)
		x.entry.Name = head.Metadata.Name
		return
	}
	path := strings.TrimSuffix(x.r.URL.Path, "/"+x.t.Subresource)
	response, err := x.admin.Get(x.server.String() + path)
	if err != nil {
		return
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	var head objectHead
	if err == nil && response.StatusCode == http.StatusOK && json.Unmarshal(text, &head) == nil {
		x.entry.Before, x.entry.UID = head.Metadata.ResourceVersion, head.Metadata.UID
		_ = json.Unmarshal(text, &x.seen)
	}
}

// content is what a writer of the object itself can change: without its status, and what the server and the deployment controller note on it.
func content(object map[string]any) map[string]any {
	out := maps.Clone(object)
	delete(out, "status")
	metadata, _ := out["metadata"].(map[string]any)
	metadata = maps.Clone(metadata)
	for _, name := range []string{"resourceVersion", "managedFields", "generation"} {
		delete(metadata, name)
	}
	annotations, _ := metadata["annotations"].(map[string]any)
	annotations = maps.Clone(annotations)
	delete(annotations, "deployment.kubernetes.io/revision")
	delete(metadata, "annotations")
	if len(annotations) > 0 {
		metadata["annotations"] = annotations
	}
	out["metadata"] = metadata
	return out
}

// onlyOthers says whether all that changed between our look and the answer is what others write at their leisure: the write itself did nothing.
func (x *exchange) onlyOthers(answer []byte) bool {
	var after map[string]any
	if x.t.Verb != "apply" || x.t.Subresource != "" || x.seen == nil || json.Unmarshal(answer, &after) != nil || after["kind"] != x.seen["kind"] {
		return false
	}
	return reflect.DeepEqual(content(x.seen), content(after))
}

func (x *exchange) lookAfter(status int, answer []byte) {
	if status < 200 || status > 299 {
		return
	}
	var head objectHead
	_ = json.Unmarshal(answer, &head)
	if head.Kind != "Status" {
		x.entry.After = head.Metadata.ResourceVersion
		if x.entry.UID == "" {
			x.entry.UID = head.Metadata.UID
		}
	}
	x.entry.Changed = x.t.Verb == "delete" || (x.entry.After != x.entry.Before && !x.onlyOthers(answer))
}

// --- watches

// line is one event of a watch, without its object's content.
type line struct {
	Type   string `json:"type"`
	Object struct {
		Metadata struct {
			Name            string `json:"name"`
			Namespace       string `json:"namespace"`
			ResourceVersion string `json:"resourceVersion"`
		} `json:"metadata"`
	} `json:"object"`
}

func (x *exchange) watch() {
	x.record.add(x.entry)
	if r := x.hit("error-event"); r != nil { // as a server tells that it has forgotten the version: 200, and then an event
		x.w.Header().Set("Content-Type", "application/json")
		x.w.WriteHeader(http.StatusOK)
		_ = json.NewEncoder(x.w).Encode(map[string]any{"type": "ERROR", "object": statusDocument(r.Status, "too old resource version")})
		return
	}
	ctx, cancel := context.WithCancel(x.r.Context())
	defer cancel()
	x.opened(x, cancel)
	defer x.closed(x)
	end := x.hit("end-watch")
	if end != nil {
		timer := time.AfterFunc(time.Duration(end.Milliseconds)*time.Millisecond, cancel)
		defer timer.Stop()
	}
	response, err := x.upstream(ctx, nil)
	if err == nil {
		defer response.Body.Close()
		copyHeader(x.w.Header(), response.Header)
		x.w.WriteHeader(response.StatusCode)
		_ = http.NewResponseController(x.w).Flush()
		err = x.follow(response.Body)
	}
	if end != nil && ctx.Err() != nil && !end.Connection {
		return // a clean end
	}
	if end != nil && ctx.Err() != nil {
		x.abort(end)
	}
	if err != io.EOF {
		panic(http.ErrAbortHandler)
	}
}

// follow passes events on, one by one, until the stream ends.
func (x *exchange) follow(stream io.Reader) error {
	reader := bufio.NewReaderSize(stream, 64<<10)
	broken := x.hit("cut", "stall")
	for {
		text, err := reader.ReadBytes('\n')
		if err != nil {
			return err
		}
		var event line
		_ = json.Unmarshal(text, &event)
		e := entry{Time: now(), target: x.t, Event: event.Type, After: event.Object.Metadata.ResourceVersion}
		e.Name, e.Namespace = event.Object.Metadata.Name, event.Object.Metadata.Namespace
		if event.Type != "BOOKMARK" {
			e.Hidden = x.proxy.rules.hides(x.t, event.Type, e.Namespace, e.Name) != ""
		}
		x.record.add(e)
		if e.Hidden {
			continue
		}
		if broken != nil { // in the middle of a line
			x.write(text[:int(float64(len(text))*broken.Fraction)])
			if broken.Action == "stall" {
				x.stall(broken)
			}
			x.abort(broken)
		}
		x.write(text)
	}
}

// --- the control port

func (p *proxy) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /rules", func(w http.ResponseWriter, r *http.Request) {
		added := &rule{}
		decoder := json.NewDecoder(r.Body)
		decoder.DisallowUnknownFields()
		err := decoder.Decode(added)
		if err == nil {
			err = p.rules.add(added)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		fmt.Fprintln(w, added.ID)
	})
	mux.HandleFunc("GET /rules", func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(p.rules.list()) })
	mux.HandleFunc("DELETE /rules", func(http.ResponseWriter, *http.Request) { p.rules.remove("") })
	mux.HandleFunc("DELETE /rules/{id}", func(_ http.ResponseWriter, r *http.Request) { p.rules.remove(r.PathValue("id")) })
	mux.HandleFunc("POST /cut", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, p.cut()) })
	mux.HandleFunc("GET /record", func(w http.ResponseWriter, r *http.Request) {
		since, _ := strconv.Atoi(r.URL.Query().Get("since"))
		p.record.writeTo(w, since)
	})
	return mux
}
