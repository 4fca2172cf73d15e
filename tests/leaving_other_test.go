//go:build !linux || portable

package tests

// seesResetAtOnce: without epoll a reset is seen only when the bytes that came before it were read.
const seesResetAtOnce = false
