package main

import (
	"net/http"
	"strings"
)

// target is what a request to an API server is about.
type target struct {
	Verb        string `json:"verb"` // get list watch discover create update patch apply dry-run delete other
	Group       string `json:"group,omitempty"`
	Resource    string `json:"resource,omitempty"`
	Subresource string `json:"subresource,omitempty"`
	Namespace   string `json:"namespace,omitempty"`
	Name        string `json:"name,omitempty"`
}

// targetOf reads the path as the API server does: /api/v1/… or /apis/GROUP/VERSION/…, then [namespaces/NS/]RESOURCE[/NAME[/SUBRESOURCE]].
func targetOf(r *http.Request) target {
	var t target
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case parts[0] == "api" && len(parts) > 2:
		parts = parts[2:]
	case parts[0] == "apis" && len(parts) > 3:
		t.Group, parts = parts[1], parts[3:]
	default:
		t.Verb = "other"
		if parts[0] == "api" || parts[0] == "apis" {
			t.Verb = "discover"
			if parts[0] == "apis" && len(parts) > 1 {
				t.Group = parts[1]
			}
		}
		return t
	}
	inNamespace := parts[0] == "namespaces" && len(parts) > 2 && parts[2] != "status" && parts[2] != "finalize"
	if inNamespace {
		t.Namespace, parts = parts[1], parts[2:]
	}
	t.Resource = parts[0]
	if len(parts) > 1 {
		t.Name = parts[1]
	}
	if len(parts) > 2 {
		t.Subresource = strings.Join(parts[2:], "/")
	}
	t.Verb = verbOf(r, t.Name)
	return t
}

func verbOf(r *http.Request, name string) string {
	query := r.URL.Query()
	switch {
	case r.Method == http.MethodGet && (query.Get("watch") == "true" || query.Get("watch") == "1"):
		return "watch"
	case r.Method == http.MethodGet && name == "":
		return "list"
	case r.Method == http.MethodGet:
		return "get"
	case query.Get("dryRun") != "":
		return "dry-run"
	case r.Method == http.MethodPost:
		return "create"
	case r.Method == http.MethodPut:
		return "update"
	case r.Method == http.MethodDelete:
		return "delete"
	case r.Method == http.MethodPatch && strings.HasPrefix(r.Header.Get("Content-Type"), "application/apply-patch"):
		return "apply"
	case r.Method == http.MethodPatch:
		return "patch"
	}
	return "other"
}

// writes says whether the request may change an object.
func (t target) writes() bool {
	switch t.Verb {
	case "create", "update", "patch", "apply", "delete":
		return true
	}
	return false
}
