//go:build tools

// Package tools names kustomize, the oracle of our own engine, so that go.mod pins it and all it needs.
package tools

import _ "sigs.k8s.io/kustomize/kustomize/v5"
