package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	height = 8
	width  = 1 << height
)

// openCheckpoint reads a checkpoint of exactly three lines that this key signed under its own name.
func openCheckpoint(name, vkey string) (tlog.Tree, error) {
	var tree tlog.Tree
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tree, err
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return tree, err
	}
	opened, err := note.Open(data, note.VerifierList(verifier))
	if err != nil {
		return tree, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() || lines[3] != "" {
		return tree, errors.New("the checkpoint is not three lines, or of another origin")
	}
	tree.N, err = strconv.ParseInt(lines[1], 10, 64)
	if err != nil || tree.N < 0 || strconv.FormatInt(tree.N, 10) != lines[1] {
		return tree, errors.New("the checkpoint's size is not a canonical number")
	}
	tree.Hash, err = tlog.ParseHash(lines[2])
	return tree, err
}

// path is a tile's place as C2SP's tlog-tiles has it: no height, and "entries" for what x/mod calls data.
func path(tile tlog.Tile) string {
	c2sp := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", height))
	return "tile/" + strings.Replace(c2sp, "data/", "entries/", 1)
}

// readWidest returns a tile's or bundle's file of this width, or of the full one that replaced it.
func readWidest(directory string, tile tlog.Tile) ([]byte, error) {
	data, err := os.ReadFile(directory + "/" + path(tile))
	if errors.Is(err, fs.ErrNotExist) && tile.W != width {
		tile.W = width
		data, err = os.ReadFile(directory + "/" + path(tile))
	}
	return data, err
}

func readTile(directory string, tile tlog.Tile) ([]byte, error) {
	data, err := readWidest(directory, tile)
	if err != nil {
		return nil, err
	}
	if len(data) != tile.W*tlog.HashSize && len(data) != width*tlog.HashSize {
		return nil, fmt.Errorf("%s has %d bytes", path(tile), len(data))
	}
	return data[:tile.W*tlog.HashSize], nil
}

// narrower returns the older, narrower versions of a tile or bundle that nobody has collected yet.
func narrower(directory string, tile tlog.Tile) ([]tlog.Tile, error) {
	full := tile
	full.W = width
	listed, err := os.ReadDir(directory + "/" + path(full) + ".p")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var found []tlog.Tile
	for _, file := range listed {
		partial := tile
		partial.W, err = strconv.Atoi(file.Name())
		if err == nil && 0 < partial.W && partial.W < tile.W {
			found = append(found, partial)
		}
	}
	return found, nil
}

// compareNarrower compares the narrower versions of a tile, or bundle, with the beginning of what the widest holds.
func compareNarrower(directory string, tile tlog.Tile, prefix func(int) []byte) error {
	partials, err := narrower(directory, tile)
	if err != nil {
		return err
	}
	for _, partial := range partials {
		data, err := os.ReadFile(directory + "/" + path(partial))
		if err != nil {
			return err
		}
		if !bytes.Equal(data, prefix(partial.W)) {
			return fmt.Errorf("%s is not the beginning of its wider version", path(partial))
		}
	}
	return nil
}

// readBundle returns the entries of a bundle, whose file holds exactly as many as its name says.
func readBundle(directory string, number, count int64) ([][]byte, error) {
	tile := tlog.Tile{H: height, L: -1, N: number, W: int(count)}
	data, err := readWidest(directory, tile)
	if err != nil {
		return nil, err
	}
	var entries [][]byte
	ends := []int{0}
	for rest := data; len(rest) >= 2; rest = data[ends[len(entries)]:] {
		end := 2 + int(binary.BigEndian.Uint16(rest))
		if end > len(rest) {
			break
		}
		entries = append(entries, rest[2:end])
		ends = append(ends, ends[len(entries)-1]+end)
	}
	if ends[len(entries)] != len(data) || (len(entries) != tile.W && len(entries) != width) {
		return nil, fmt.Errorf("%s does not hold exactly its entries", path(tile))
	}
	beginning := func(w int) []byte { return data[:ends[w]] }
	return entries[:tile.W], compareNarrower(directory, tile, beginning)
}

// tiles reads hash tiles for tlog.TileHashReader, which authenticates what it is given.
type tiles struct{ directory string }

// Height returns the tiles' height.
func (t tiles) Height() int { return height }

// ReadTiles returns the tiles' bytes.
func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range wanted {
		data, err := readTile(t.directory, tile)
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

// SaveTiles keeps nothing.
func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func min64(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}
