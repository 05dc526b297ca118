// Package postgrestest gives tests a PostgreSQL of their own, from the binaries on
// the machine.
//
// Database makes an empty, migrated database that ends with the test. All of a
// test binary share one server, which the first call starts: not durable, so that
// it is quick, and reachable by a socket in a folder of its own. Its databases
// sort text by the rules of a language, as production's often do, so that whatever
// needs the order of bytes must say so.
//
// Start makes a server of the test's own, durable if asked, on loopback if asked,
// which can be stopped, killed and started again. Launch makes the same for a
// program that is no test.
//
// A process beside each server waits for the end of the test binary, however it
// ends, and then ends the server and removes its folder.
//
//	IMPRINT_TEST_POSTGRES=postgres://…   uses that server for Database; it makes and drops
//	                                     databases there, whose names begin with imprint_test_
//	IMPRINT_TEST_REQUIRE=postgres        fails where there are no binaries, instead of skipping
package postgrestest
