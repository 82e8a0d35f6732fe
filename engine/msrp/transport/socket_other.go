//go:build !linux

package transport

import "errors"

func setReusePort(uintptr) error { return errors.ErrUnsupported }

func setUserTimeout(uintptr) {}
