package domain_test

import (
	"strings"
	"testing"

	"imprint/domain"
)

func TestSlugs(t *testing.T) {
	for _, good := range []string{"soc", "iso-27001", "a", "9", strings.Repeat("a", 64)} {
		if err := domain.CheckSlug("region", good); err != nil {
			t.Errorf("%q is refused: %v", good, err)
		}
	}
	for _, bad := range []string{"", "-a", "a-", "ISO", "a b", "a/b", "é", "a_b", strings.Repeat("a", 65)} {
		err := domain.CheckSlug("region", bad)
		if domain.KindOf(err) != domain.Invalid || !strings.Contains(err.Error(), "region") {
			t.Errorf("%q: %v; want an Invalid that names the field", bad, err)
		}
	}
}
