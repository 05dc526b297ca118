// What clients ask before anything else: what the server can do, and who is in
// the cluster.

package kurrenttest

import (
	"context"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/google/uuid"
)

type featuresService struct {
	serverfeatures.UnimplementedServerFeaturesServer
	version string
}

// GetSupportedMethods names methods in lower case, as the real server does.
func (f featuresService) GetSupportedMethods(context.Context, *shared.Empty) (*serverfeatures.SupportedMethods, error) {
	answer := &serverfeatures.SupportedMethods{EventStoreServerVersion: f.version}
	for _, m := range []struct{ service, method string }{
		{"event_store.client.streams.streams", "read"},
		{"event_store.client.streams.streams", "append"},
		{"event_store.client.streams.streams", "delete"},
		{"event_store.client.streams.streams", "tombstone"},
		{"event_store.client.streams.streams", "batchappend"},
		{"event_store.client.gossip.gossip", "read"},
		{"event_store.client.server_features.serverfeatures", "getsupportedmethods"},
	} {
		answer.Methods = append(answer.Methods, &serverfeatures.SupportedMethod{ServiceName: m.service, MethodName: m.method})
	}
	return answer, nil
}

// Member is one node of a cluster as gossip tells it.
type Member struct {
	Address string // host:port
	Leader  bool   // otherwise a follower
	Dead    bool
}

// memberList is what a test wants gossip to say.
type memberList struct {
	mu      sync.Mutex
	members []Member
}

// SetMembers makes gossip name these nodes. Without a call it names this server
// alone, as the leader.
func (s *Server) SetMembers(members ...Member) {
	s.members.mu.Lock()
	defer s.members.mu.Unlock()
	s.members.members = members
}

func (s *Server) gossip() []Member {
	s.members.mu.Lock()
	defer s.members.mu.Unlock()
	if len(s.members.members) == 0 {
		return []Member{{Address: s.Address(), Leader: true}}
	}
	return s.members.members
}

type gossipService struct {
	gossip.UnimplementedGossipServer
	members func() []Member
}

func (g gossipService) Read(context.Context, *shared.Empty) (*gossip.ClusterInfo, error) {
	info := &gossip.ClusterInfo{}
	for _, m := range g.members() {
		host, portText, err := net.SplitHostPort(m.Address)
		if err != nil {
			return nil, err
		}
		port, err := strconv.ParseUint(portText, 10, 16)
		if err != nil {
			return nil, err
		}
		state := gossip.MemberInfo_Follower
		if m.Leader {
			state = gossip.MemberInfo_Leader
		}
		info.Members = append(info.Members, &gossip.MemberInfo{
			InstanceId:   toUUID(uuid.NewSHA1(uuid.NameSpaceURL, []byte(m.Address))),
			TimeStamp:    ticks(time.Now()),
			State:        state,
			IsAlive:      !m.Dead,
			HttpEndPoint: &gossip.EndPoint{Address: host, Port: uint32(port)},
		})
	}
	return info, nil
}
