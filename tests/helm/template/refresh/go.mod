module sluice/tests/helm/template/refresh

go 1.25.0
