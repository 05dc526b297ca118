package postgres

// Whose database answers. An address may lead elsewhere than before (a name moved, a
// database restored or replaced, a replica of another one), and every query would
// be answered all the same.

import (
	"bytes"
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"imprint/domain"
)

// anotherDatabase is the code of the refusal of another installation's database.
const anotherDatabase = "another-database"

// Expect binds both pools to the database whose work tables serve a log: from now
// on a connection to any other is refused when it is made. A replica of another
// database is refused at once; one that cannot be asked yet may come later.
func (db *DB) Expect(ctx context.Context, log uuid.UUID) error {
	db.serves.Store(&log)
	if !db.Replica {
		return nil
	}
	db.Read.Reset() // what was connected before was not asked
	if err := db.CheckReplica(ctx); codeOf(err) == anotherDatabase {
		return err
	}
	return nil
}

// CheckReplica asks the replica whether it answers and whose it is.
func (db *DB) CheckReplica(ctx context.Context) error { return explain(ReadSetting, db.Read.Ping(ctx)) }

// recognise refuses a new connection that does not lead to the database expected.
func (db *DB) recognise(ctx context.Context, conn *pgx.Conn, setting string) error {
	want := db.serves.Load()
	if want == nil {
		return nil
	}
	var found []byte
	err := conn.QueryRow(ctx, `SELECT log FROM imprint_work.served_log`).Scan(&found)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return explain(setting, err)
	}
	if !bytes.Equal(found, want[:]) {
		return domain.Refuse(domain.Unavailable, anotherDatabase, "%s leads to the database of another installation, or to one that lags behind its first start; correct it, or bring the right server back", setting).In(setting)
	}
	return nil
}

func codeOf(err error) string {
	said, _ := as[*domain.Error](err)
	if said == nil {
		return ""
	}
	return said.Code
}
