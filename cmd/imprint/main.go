// Command imprint is the one program of Imprint, a publication backend for
// documents that people must be able to rely on. This package only wires: it
// reads settings, opens an installation (installation.go) and hands its parts to
// the commands, one file each. What the program does is in domain, projections
// and handlers.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"imprint/domain"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// commands is the whole command line; kong reads flags and environment from the
// tags, and prints the help page from them.
type commands struct {
	Demo        demoCommand        `cmd:"" help:"Show everything on a sample, in a temporary folder."`
	Serve       serveCommand       `cmd:"" help:"Serve an installation: API, pages, read models, digests."`
	Import      importCommand      `cmd:"" help:"Import published documents with their version history."`
	Projections projectionsCommand `cmd:"" help:"Look after the read models: list, verify, rebuild, switch, drop, prune, parked, replay."`
	Reactions   reactionsCommand   `cmd:"" help:"Look after the reactions: parked, replay."`
	Digest      digestCommand      `cmd:"" help:"Look after the digests: due, preview, run, failed, retry."`
	Content     contentCommand     `cmd:"" help:"Look after the stored bytes: scrub."`
	Token       tokenCommand       `cmd:"" help:"Issue, list and revoke access tokens, also while imprint serves."`
	Backup      backupCommand      `cmd:"" help:"Copy an installation consistently, also while it serves."`
	Restore     restoreCommand     `cmd:"" help:"Make an installation from a backup."`
	Copy        copyCommand        `cmd:"" help:"Move an installation from one set of engines to another."`
	Migrate     migrateCommand     `cmd:"" help:"Bring the tables of a shared database up to date: up, status."`
	Doctor      doctorCommand      `cmd:"" help:"Check an installation and say what to do."`
	Ready       readyCommand       `cmd:"" help:"Ask a serving program whether it is ready."`
	Version     versionCommand     `cmd:"" help:"Say which program this is."`
}

// console is where a command writes: results to Out, everything else to Err.
type console struct {
	Out, Err io.Writer
}

// errFound marks a command that worked and found something wrong: it has said
// so itself, and the program exits with 1 without another word.
var errFound = errors.New("found a difference")

// run is main without the process: it returns the exit code. 0: done. 1: the
// command failed or found something wrong. 2: the command line is wrong.
func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	var c commands
	exit := -1
	parser, err := kong.New(&c,
		kong.Name("imprint"),
		kong.Description("Imprint publishes documents that people must be able to rely on: it keeps every version for ever, tells readers what changed, and answers what was published when.\n\nTry: imprint demo"),
		kong.Writers(stdout, stderr),
		kong.ShortUsageOnError(),
		kong.ValueFormatter(describe),
		kong.Help(helpPage),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Vars{"listen": defaultListen},
		kong.Exit(func(code int) { exit = code }),
	)
	if err != nil {
		fmt.Fprintln(stderr, "imprint:", err)
		return 2
	}
	if err := checkEnvironment(parser.Model, environ); err != nil {
		fmt.Fprintln(stderr, "imprint:", err)
		return 2
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if exit >= 0 { // --help has printed its page
		return exit
	}
	if err != nil {
		parser.Errorf("%s", err)
		var wrong *kong.ParseError
		if errors.As(err, &wrong) {
			fmt.Fprintf(stderr, "Run %q for the flags and what they mean.\n", strings.TrimSpace("imprint "+wrong.Context.Command())+" --help")
		}
		return 2
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	parsed.Bind(&console{Out: stdout, Err: stderr})
	switch err := parsed.Run(); {
	case err == nil:
		return 0
	case errors.Is(err, errFound):
		return 1
	default:
		fmt.Fprintln(stderr, "imprint:", explain(err))
		return 1
	}
}

// explain says an error to someone at the command line: the refusal, and what
// lies behind it, for an operator may know.
func explain(err error) string {
	if domain.KindOf(err) == domain.Internal {
		return "internal fault: " + err.Error()
	}
	return err.Error()
}
