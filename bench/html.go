package main

func renderHTML(r, old *Report) ([]byte, error) { return nil, nil }
