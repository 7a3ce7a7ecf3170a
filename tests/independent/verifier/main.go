// Command independent verifies a tiled transparency log's directory with the Go team's packages
// (golang.org/x/mod/sumdb/note and tlog) and nothing of casebus.
//
// It checks the checkpoint's signature, rebuilds the whole tree from the entry bundles, compares the root and every
// tile and bundle file that lies under the checkpoint, and, given an older signed checkpoint, proves that the tree extends it.
//
//	independent DIRECTORY VKEY [OLD-CHECKPOINT]
//
// It exits 0 and says "ok", or exits 1 and says what does not fit.
package main

import (
	"bytes"
	"fmt"
	"os"

	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	if len(os.Args) != 3 && len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: independent DIRECTORY VKEY [OLD-CHECKPOINT]")
		os.Exit(2)
	}
	tree, err := verify(os.Args[1], os.Args[2], os.Args[3:])
	if err != nil {
		fmt.Println("FAILED:", err)
		os.Exit(1)
	}
	fmt.Printf("ok: %d leaves, root %v\n", tree.N, tree.Hash)
}

func verify(directory, vkey string, older []string) (tlog.Tree, error) {
	tree, err := openCheckpoint(directory+"/checkpoint", vkey)
	if err != nil {
		return tree, err
	}
	stored, err := rebuild(directory, tree.N)
	if err != nil {
		return tree, err
	}
	root, err := tlog.TreeHash(tree.N, stored)
	if err != nil {
		return tree, err
	}
	if root != tree.Hash {
		return tree, fmt.Errorf("the entries hash to %v, the checkpoint says %v", root, tree.Hash)
	}
	if err := compareTiles(directory, tree.N, stored); err != nil {
		return tree, err
	}
	for _, path := range older {
		if err := extends(directory, tree, path, vkey); err != nil {
			return tree, err
		}
	}
	return tree, nil
}

// hashes is the Go packages' storage of a tree: leaf hashes and inner nodes in the order in which they come to be.
type hashes []tlog.Hash

// ReadHashes returns the hashes at these storage indexes.
func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(h)) {
			return nil, fmt.Errorf("no stored hash %d", index)
		}
		found[i] = h[index]
	}
	return found, nil
}

// rebuild hashes the entries of all bundles.
func rebuild(directory string, size int64) (hashes, error) {
	var stored hashes
	for start := int64(0); start < size; start += width {
		entries, err := readBundle(directory, start/width, min64(width, size-start))
		if err != nil {
			return nil, err
		}
		for i, entry := range entries {
			added, err := tlog.StoredHashes(start+int64(i), entry, stored)
			if err != nil {
				return nil, err
			}
			stored = append(stored, added...)
		}
	}
	return stored, nil
}

// compareTiles compares every tile that a tree of this size has, and every narrower version that is still there.
func compareTiles(directory string, size int64, stored hashes) error {
	for _, tile := range tlog.NewTiles(height, 0, size) {
		expected, err := tlog.ReadTileData(tile, stored)
		if err != nil {
			return err
		}
		found, err := readTile(directory, tile)
		if err != nil {
			return err
		}
		if !bytes.Equal(found, expected) {
			return fmt.Errorf("%s is not what the entries hash to", path(tile))
		}
		beginning := func(w int) []byte { return expected[:w*tlog.HashSize] }
		if err := compareNarrower(directory, tile, beginning); err != nil {
			return err
		}
	}
	return nil
}

// extends proves from the authenticated tiles that the tree is an extension of an older checkpoint of the same log.
func extends(directory string, tree tlog.Tree, checkpoint, vkey string) error {
	older, err := openCheckpoint(checkpoint, vkey)
	if err != nil {
		return err
	}
	if older.N > tree.N {
		return fmt.Errorf("the log was rolled back from %d leaves to %d", older.N, tree.N)
	}
	if older.N == tree.N || older.N == 0 {
		if older.N == tree.N && older.Hash != tree.Hash {
			return fmt.Errorf("two roots for %d leaves", tree.N)
		}
		return nil
	}
	proof, err := tlog.ProveTree(tree.N, older.N, tlog.TileHashReader(tree, tiles{directory}))
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, tree.N, tree.Hash, older.N, older.Hash)
}
