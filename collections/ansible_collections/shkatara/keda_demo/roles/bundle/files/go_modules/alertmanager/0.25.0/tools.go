//go:build tools

// Package tools names what is built, so that `go mod tidy` keeps its requirements.
package tools

import (
	_ "github.com/prometheus/alertmanager/cmd/alertmanager"
)
