//go:build tools

// Package tools names kwok, which plays the kubelet for simulated nodes, so that go.mod pins it and all it needs.
package tools

import _ "sigs.k8s.io/kwok/cmd/kwok"
