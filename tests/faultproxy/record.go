package main

import (
	"encoding/json"
	"io"
	"sync"
	"time"
)

// entry is one line of the record: a request, or one event of a watch. The record of effective writes is what a test judges by.
type entry struct {
	Number int     `json:"number"` // from 1
	Time   float64 `json:"time"`   // seconds since the epoch, when it was asked
	target
	Manager string `json:"manager,omitempty"` // the field manager
	User    string `json:"user,omitempty"`    // on whose behalf
	Status  int    `json:"status"`            // as the server answered it; of a request that did not reach it, 0 or what a rule answered
	Reached bool   `json:"reached"`           // whether the server saw it
	// For writes: the object's resourceVersion before and after, and whether the write changed anything (an object that is there no more has
	// no version). UID is that of the object written to, Precondition what a deletion insisted on.
	Before       string `json:"before,omitempty"`
	After        string `json:"after,omitempty"`
	Changed      bool   `json:"changed"`
	UID          string `json:"uid,omitempty"`
	Precondition string `json:"precondition,omitempty"`
	Event        string `json:"event,omitempty"` // the type of a watch event; Name is then its object
	Hidden       bool   `json:"hidden,omitempty"`
	Rules        string `json:"rules,omitempty"` // actions of the rules that hit it
}

// record keeps the entries in memory. Safe for concurrent use.
type record struct {
	mu      sync.Mutex
	entries []entry
	reads   bool // whether requests that change nothing are kept as well
}

func (r *record) add(e entry) {
	if !r.reads && !e.writes() && e.Rules == "" && !e.Hidden {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	e.Number = len(r.entries) + 1
	r.entries = append(r.entries, e)
}

// writeTo prints the entries after number `since`, one JSON document a line.
func (r *record) writeTo(out io.Writer, since int) {
	r.mu.Lock()
	entries := r.entries[min(max(since, 0), len(r.entries)):]
	r.mu.Unlock()
	encoder := json.NewEncoder(out)
	for _, e := range entries {
		if encoder.Encode(e) != nil {
			return
		}
	}
}

func now() float64 { return float64(time.Now().UnixNano()) / 1e9 }
