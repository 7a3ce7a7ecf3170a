// Command tessera wrote tests/ledger/vectors/tessera-600.zip, once: a log by transparency-dev's Tessera on a POSIX file
// system, with its partial tiles and its private `.state` directory as they lay there. No test runs it.
//
//	go run . LOG-DIRECTORY 'PRIVATE+KEY+...' 600      # seed 0x03 * 32, name tessera.example/log
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	ctx := context.Background()
	signer, err := note.NewSigner(os.Args[2])
	must(err)
	driver, err := posix.New(ctx, posix.Config{Path: os.Args[1]})
	must(err)
	appender, shutdown, reader, err := tessera.NewAppender(ctx, driver, tessera.NewAppendOptions().WithCheckpointSigner(signer).WithCheckpointInterval(time.Second).WithBatching(50, 100*time.Millisecond))
	must(err)
	var n int
	fmt.Sscan(os.Args[3], &n)
	aw := tessera.NewPublicationAwaiter(ctx, reader.ReadCheckpoint, 100*time.Millisecond)
	var futures []tessera.IndexFuture
	for i := 0; i < n; i++ {
		futures = append(futures, appender.Add(ctx, tessera.NewEntry([]byte(fmt.Sprintf("leaf %d", i)))))
		if i%130 == 129 || i == n-1 {
			_, _, err := aw.Await(ctx, futures[len(futures)-1])
			must(err)
		}
	}
	for _, f := range futures {
		_, err := f()
		must(err)
	}
	must(shutdown(ctx))
}
