// TLS, credentials, and finding a node by gossip.

package kurrenttest_test

import (
	"strings"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"imprint/adapters/kurrent/kurrenttest"
)

// attempt reads with a client that does not try for long. An append that is
// refused at its first message is often told as a mere "EOF".
func attempt(t *testing.T, connection string) error {
	t.Helper()
	conf, err := esdb.ParseConnectionString(connection)
	if err != nil {
		t.Fatal(err)
	}
	conf.Logger = func(esdb.LogLevel, string, ...any) {}
	conf.MaxDiscoverAttempts = 1
	conf.DiscoveryInterval = 1
	c, err := esdb.NewClient(conf)
	if err != nil {
		t.Fatal(err)
	}
	_, err = readStream(t, c, "$settings", esdb.Forwards, esdb.Start{}, 1)
	return err
}

func TestCredentialsAreChecked(t *testing.T) {
	s := kurrenttest.Start(t, kurrenttest.WithTLS("127.0.0.1"), kurrenttest.WithUser("admin", "changeit"))
	right := s.ConnectionString()
	if err := attempt(t, right); err != nil {
		t.Errorf("with the right password: %v", err)
	}
	wantCode(t, attempt(t, strings.Replace(right, "changeit", "wrong", 1)), esdb.ErrorCodeUnauthenticated)
	wantCode(t, attempt(t, strings.Replace(right, "admin:changeit@", "", 1)), esdb.ErrorCodeAccessDenied)
}

func TestACertificateOfAnotherNameIsRefused(t *testing.T) {
	s := kurrenttest.Start(t, kurrenttest.WithTLS("elsewhere.example"))
	err := attempt(t, s.ConnectionString())
	if err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("got %v, want an error about the certificate", err)
	}
	if err := attempt(t, s.ConnectionString("tlsVerifyCert=false")); err != nil {
		t.Errorf("unverified: %v", err)
	}
}

func TestGossipLeadsToTheLeader(t *testing.T) {
	leader, follower := kurrenttest.Start(t), kurrenttest.Start(t)
	for _, s := range []*kurrenttest.Server{leader, follower} {
		s.SetMembers(
			kurrenttest.Member{Address: follower.Address()},
			kurrenttest.Member{Address: leader.Address(), Leader: true},
			kurrenttest.Member{Address: "127.0.0.1:1", Leader: true, Dead: true},
		)
	}
	connection := "esdb://" + follower.Address() + "," + leader.Address() + "?tls=false&nodePreference=leader"
	for range 8 { // the client shuffles the nodes: once could be luck
		write(t, dial(t, connection), "a-1", esdb.Any{}, events(1)...)
	}
	if count(t, leader, "a-1") != 8 || count(t, follower, "a-1") != 0 {
		t.Error("the appends did not go to the leader")
	}
	alone := kurrenttest.Start(t)
	write(t, dial(t, "esdb+discover://"+alone.Address()+"?tls=false"), "a-1", esdb.NoStream{}, events(1)...)
}
