package postgres

// Text with NUL in it: PostgreSQL keeps none, the other engines and JSON do. An
// event's data may hold one, and a projection must not stop for it. Nor must it for
// a letter that the database's encoding lacks.

import (
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"imprint/domain"
)

// unicode refuses a database that cannot keep every text. The server tells its
// encoding when it is connected to; a pooler between may not pass it on.
func unicode(conn *pgx.Conn, setting string) error {
	if encoding := conn.PgConn().ParameterStatus("server_encoding"); encoding != "" && encoding != "UTF8" {
		return domain.Refuse(domain.Unavailable, "database-encoding", "the database that %s names keeps text as %s, which lacks letters that people write; name one that was made with the encoding UTF8 (createdb --encoding UTF8 --template template0)", setting, encoding).In(setting)
	}
	return nil
}

// escape keeps the order of bytes and what is equal: NUL becomes 01 01, and 01
// becomes 01 02. Almost every text has neither and stays as it is.
var (
	escape   = strings.NewReplacer("\x00", "\x01\x01", "\x01", "\x01\x02")
	unescape = strings.NewReplacer("\x01\x01", "\x00", "\x01\x02", "\x01")
)

// textCodec is pgx's codec for text columns and parameters, escaping.
type textCodec struct{ pgtype.TextCodec }

// registerText makes a connection escape in text and text[].
func registerText(conn *pgx.Conn) {
	text := &pgtype.Type{Name: "text", OID: pgtype.TextOID, Codec: textCodec{}}
	conn.TypeMap().RegisterType(text)
	conn.TypeMap().RegisterType(&pgtype.Type{Name: "_text", OID: pgtype.TextArrayOID, Codec: &pgtype.ArrayCodec{ElementType: text}})
}

// PlanEncode implements pgtype.Codec.
func (c textCodec) PlanEncode(m *pgtype.Map, oid uint32, format int16, value any) pgtype.EncodePlan {
	if _, ok := value.(string); ok {
		return encodeText{}
	}
	return c.TextCodec.PlanEncode(m, oid, format, value)
}

type encodeText struct{}

// Encode implements pgtype.EncodePlan.
func (encodeText) Encode(value any, buf []byte) ([]byte, error) {
	return AppendText(buf, value.(string)), nil
}

// AppendText appends a text as the database keeps it, for who writes its protocol
// without pgx's types.
func AppendText(buf []byte, text string) []byte {
	if strings.IndexByte(text, 0) >= 0 || strings.IndexByte(text, 1) >= 0 {
		text = escape.Replace(text)
	}
	return append(buf, text...)
}

// PlanScan implements pgtype.Codec.
func (c textCodec) PlanScan(m *pgtype.Map, oid uint32, format int16, target any) pgtype.ScanPlan {
	plan := c.TextCodec.PlanScan(m, oid, format, target)
	if _, ok := target.(*string); ok && plan != nil {
		return scanText{plan}
	}
	return plan
}

type scanText struct{ plan pgtype.ScanPlan }

// Scan implements pgtype.ScanPlan.
func (s scanText) Scan(src []byte, target any) error {
	if err := s.plan.Scan(src, target); err != nil {
		return err
	}
	text := target.(*string)
	*text = unescaped(*text)
	return nil
}

// DecodeValue implements pgtype.Codec.
func (c textCodec) DecodeValue(m *pgtype.Map, oid uint32, format int16, src []byte) (any, error) {
	v, err := c.TextCodec.DecodeValue(m, oid, format, src)
	if text, ok := v.(string); ok {
		return unescaped(text), err
	}
	return v, err
}

func unescaped(text string) string {
	if strings.Contains(text, "\x01") {
		return unescape.Replace(text)
	}
	return text
}
