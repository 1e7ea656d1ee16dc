package main

import (
	"fmt"
	"math/rand"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// rule is one kind of bad luck: which requests it meets, which of them it hits, and what it does to those.
type rule struct {
	ID string `json:"id"`

	// Which requests. Empty means any; several verbs or resources are separated by commas; "writes" stands for every verb that changes
	// something. A resource is a plural, of any group unless Group is set. Name and Event are regular expressions.
	Verb        string  `json:"verb,omitempty"`
	Group       *string `json:"group,omitempty"`
	Resource    string  `json:"resource,omitempty"`
	Subresource *string `json:"subresource,omitempty"`
	Namespace   string  `json:"namespace,omitempty"`
	Name        string  `json:"name,omitempty"`

	// Which of those, by number from 1: from Nth on, every Every-th, Count of them at most, each with Probability (0: all). For `hide` the
	// events are counted in place of the requests.
	Nth         int     `json:"nth,omitempty"`
	Every       int     `json:"every,omitempty"`
	Count       int     `json:"count,omitempty"`
	Probability float64 `json:"probability,omitempty"`

	// What: delay, late (a delay after which it is sent on although the client may have left), slow, drop-before, drop-after, status, cut, short, stall, hide, error-event, end-watch, stale.
	Action          string  `json:"action"`
	Milliseconds    int     `json:"ms,omitempty"`              // delay, late, stall (0: until the client leaves), end-watch
	BytesPerSecond  int     `json:"bytesPerSecond,omitempty"`  // slow
	Status          int     `json:"status,omitempty"`          // status, error-event
	RetryAfter      string  `json:"retryAfter,omitempty"`      // status
	Body            string  `json:"body,omitempty"`            // status: what is answered in place of a Status
	Fraction        float64 `json:"fraction,omitempty"`        // cut, short, stall: how much of the body comes (default 0.5)
	Event           string  `json:"event,omitempty"`           // hide: "TYPE NAME" of the event matches
	Connection      bool    `json:"connection,omitempty"`      // drop-*, cut, end-watch: resets the connection, not one stream of it
	ResourceVersion string  `json:"resourceVersion,omitempty"` // stale: lists as of it, watches from it

	Seen  int `json:"seen"`  // requests (events) met so far
	Fired int `json:"fired"` // and hit

	name, event *regexp.Regexp
}

var actions = []string{"delay", "late", "slow", "drop-before", "drop-after", "status", "cut", "short", "stall", "hide", "error-event", "end-watch", "stale"}

func (r *rule) check() error {
	if !slices.Contains(actions, r.Action) {
		return fmt.Errorf("no action %q; there are %s", r.Action, strings.Join(actions, ", "))
	}
	var err error
	if r.name, err = regexp.Compile("^(?:" + r.Name + ")$"); err != nil {
		return err
	}
	r.event, err = regexp.Compile(r.Event)
	if r.Fraction == 0 {
		r.Fraction = 0.5
	}
	return err
}

func among(list, word string) bool {
	return list == "" || slices.Contains(strings.Split(list, ","), word)
}

func (r *rule) meets(t target) bool {
	verb := among(r.Verb, t.Verb) || (t.writes() && among(r.Verb, "writes"))
	return verb && among(r.Resource, t.Resource) && among(r.Namespace, t.Namespace) && (r.Group == nil || *r.Group == t.Group) &&
		(r.Subresource == nil || *r.Subresource == t.Subresource) && (r.Name == "" || r.name.MatchString(t.Name))
}

// count notes one request (or event) that the rule meets, and says whether it is hit.
func (r *rule) count(random *rand.Rand) bool {
	r.Seen++
	first := max(r.Nth, 1)
	hit := r.Seen >= first && (r.Every == 0 || (r.Seen-first)%r.Every == 0) && (r.Count == 0 || r.Fired < r.Count) &&
		(r.Probability == 0 || random.Float64() < r.Probability)
	if hit {
		r.Fired++
	}
	return hit
}

// ruleSet is the rules in force. Safe for concurrent use.
type ruleSet struct {
	mu     sync.Mutex
	random *rand.Rand
	rules  []*rule
	next   int
}

func (s *ruleSet) add(r *rule) error {
	if err := r.check(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	r.ID = fmt.Sprintf("r%d", s.next)
	s.rules = append(s.rules, r)
	return nil
}

// remove takes the rule away; "" takes them all.
func (s *ruleSet) remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = slices.DeleteFunc(s.rules, func(r *rule) bool { return id == "" || r.ID == id })
}

func (s *ruleSet) list() []rule {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []rule{}
	for _, r := range s.rules {
		out = append(out, *r)
	}
	return out
}

// hitting returns the rules that hit this request, in the order in which they were added; those that hide events only meet it.
func (s *ruleSet) hitting(t target) []*rule {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*rule
	for _, r := range s.rules {
		if r.meets(t) && r.Action != "hide" && r.count(s.random) {
			out = append(out, r)
		}
	}
	return out
}

// hides says which rule hides this event of a watch ("" for none).
func (s *ruleSet) hides(t target, kind, namespace, name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.rules {
		watched := t
		watched.Namespace, watched.Name = namespace, name
		if r.Action == "hide" && r.meets(watched) && r.event.MatchString(kind+" "+name) && r.count(s.random) {
			return r.ID
		}
	}
	return ""
}
