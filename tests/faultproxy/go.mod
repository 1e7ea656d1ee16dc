module sluice.dev/tests/faultproxy

go 1.26
