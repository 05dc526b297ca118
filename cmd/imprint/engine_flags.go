package main

// Here: the settings that say which engine keeps each part of an installation.

import (
	"strings"

	"imprint/adapters/postgres"
	"imprint/domain"
)

// engineFlags say where each part of an installation is kept. Any mixture works.
type engineFlags struct {
	Data          string `env:"IMPRINT_DATA" placeholder:"DIR" help:"The data folder. Default: none, and needed while a part is kept in files."`
	Log           string `env:"IMPRINT_LOG" default:"file" placeholder:"file|esdb://…" help:"Where the log is: file (log.db in the data folder), or a KurrentDB cluster, esdb://[user:password@]host:2113?tls=true or esdb+discover://…. A password belongs in the environment, for others can see the flags of a process."`
	Database      string `env:"IMPRINT_DATABASE" default:"file" placeholder:"file|postgres://…" help:"Where read models and work tables are: file (views.db and work.db in the data folder), or postgres://[user:password@]host:5432/database. A password belongs in the environment."`
	DatabaseRead  string `env:"IMPRINT_DATABASE_READ" placeholder:"postgres://…" help:"A replica of the database that answers queries while it is current. Default: none, and the database itself answers."`
	Content       string `env:"IMPRINT_CONTENT" default:"dir" placeholder:"dir|s3://…" help:"Where the documents' bytes are: dir (content/ in the data folder), or a bucket, s3://bucket?region=…; credentials come from the environment (AWS_ACCESS_KEY_ID …)."`
	Installation  string `env:"IMPRINT_INSTALLATION" default:"imprint" placeholder:"NAME" help:"What the streams of this installation begin with on a KurrentDB cluster: a-z, 0-9 and '-'."`
	MasterKeyFile string `env:"IMPRINT_MASTER_KEY_FILE" placeholder:"FILE" help:"The master key, 64 hexadecimal digits; it must be named where the database is no file. Default: master.key in the data folder."`
}

// The values by which a part is kept in the data folder. Left empty, they hold too.
const (
	inFile      = "file"
	inDirectory = "dir"
)

func (f engineFlags) logInFile() bool      { return f.Log == "" || f.Log == inFile }
func (f engineFlags) databaseInFile() bool { return f.Database == "" || f.Database == inFile }
func (f engineFlags) contentInDir() bool   { return f.Content == "" || f.Content == inDirectory }

// inFiles tells whether every part lies in the data folder.
func (f engineFlags) inFiles() bool {
	return f.logInFile() && f.databaseInFile() && f.contentInDir()
}

// embedded tells whether any part lies in the data folder, which one program at a
// time may then have open.
func (f engineFlags) embedded() bool {
	return f.logInFile() || f.databaseInFile() || f.contentInDir()
}

// known refuses what names no engine. No value is repeated: it may hold a password.
func (f engineFlags) known() error {
	unknown := func(setting, flag, known string) error {
		return domain.Refuse(domain.Invalid, "unknown-engine", "%s (%s) names no engine of this program; write %s", setting, flag, known).In(setting)
	}
	switch {
	case !f.logInFile() && !begins(f.Log, "esdb://", "esdb+discover://", "kurrentdb://", "kurrentdb+discover://"):
		return unknown("IMPRINT_LOG", "--log", "file, esdb://… or esdb+discover://…")
	case !f.databaseInFile() && !begins(f.Database, "postgres://", "postgresql://"):
		return unknown(postgres.Setting, "--database", "file or postgres://…")
	case f.DatabaseRead != "" && f.databaseInFile():
		return domain.Refuse(domain.Invalid, "unknown-engine", "%s (--database-read) names a replica, but the database is a file; set %s too, or leave both out", postgres.ReadSetting, postgres.Setting).In(postgres.ReadSetting)
	case f.DatabaseRead != "" && !begins(f.DatabaseRead, "postgres://", "postgresql://"):
		return unknown(postgres.ReadSetting, "--database-read", "postgres://…")
	case !f.contentInDir() && !strings.Contains(f.Content, "://"):
		return unknown("IMPRINT_CONTENT", "--content", "dir or s3://…")
	}
	return nil
}

// check refuses flags by which no installation can be opened.
func (f engineFlags) check() error {
	if err := f.known(); err != nil {
		return err
	}
	switch {
	case f.embedded() && f.Data == "":
		return domain.Refuse(domain.Invalid, "no-data-folder", "no data folder is named, and a part of the installation is kept in it; name it with --data or IMPRINT_DATA, or set IMPRINT_LOG, IMPRINT_DATABASE and IMPRINT_CONTENT")
	case !f.databaseInFile() && f.MasterKeyFile == "":
		return domain.Refuse(domain.Invalid, "no-master-key", "IMPRINT_MASTER_KEY_FILE (--master-key-file) names no file; the data keys are in the database of %s, and every program that uses it needs the same master key. Make one with: (umask 077; openssl rand -hex 32 > master.key)", postgres.Setting).In("IMPRINT_MASTER_KEY_FILE")
	}
	return nil
}

func begins(value string, prefixes ...string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(value, p) {
			return true
		}
	}
	return false
}
