module casebus.example/litewitness

go 1.26

require filippo.io/torchwood v0.9.0
