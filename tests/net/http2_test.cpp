// HttpClient over HTTP/2 and TLS, against a peer that misbehaves on demand and through a proxy that brings bad luck.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include <boost/asio/io_context.hpp>

#include "net/await.h"
#include "tests/net/client_fixture.h"
#include "tests/net/faulty_proxy.h"
#include "tests/net/h2_peer.h"
#include "tests/net/test_certificates.h"

namespace sluice::net {
namespace {

using namespace std::chrono_literals;

const TestAuthority& Authority() {
  static const TestAuthority authority;
  return authority;
}

class Http2Test : public ClientTest {
 protected:
  void StartPeer(H2Peer::Options options = {}) {
    if (options.cert_pem.empty()) {
      const auto identity = Authority().Issue("server", {"IP:127.0.0.1", "DNS:localhost"});
      options.cert_pem = identity.cert_pem;
      options.key_pem = identity.key_pem;
    }
    peer_ = std::make_unique<H2Peer>(runtime_.io(), std::move(options));
  }
  void Start(H2Peer::Options peer = {}, ClientOptions client = {}) {
    StartPeer(std::move(peer));
    client.tls.ca_pem = Authority().ca_pem();
    MakeClient(std::move(client));
  }
  void StartProxied(ClientOptions client = {}) {
    Start({}, std::move(client));
    proxy_ = std::make_unique<FaultyProxy>(runtime_.io(), peer_->port());
  }
  std::string Url(const std::string& path) const { return peer_->url(path); }
  std::string Proxied(const std::string& path) const { return "https://127.0.0.1:" + std::to_string(proxy_->port()) + path; }
  /// The message with the URL's port replaced by PORT.
  std::string Plain(std::string text) const {
    for (const std::uint16_t port : {peer_->port(), proxy_ ? proxy_->port() : peer_->port()}) {
      const std::string digits = std::to_string(port);
      for (std::size_t at = 0; (at = text.find(digits)) != std::string::npos;) text.replace(at, digits.size(), "PORT");
    }
    return text;
  }

  std::unique_ptr<H2Peer> peer_;
  std::unique_ptr<FaultyProxy> proxy_;
};

TEST_F(Http2Test, SendsWhatItIsGivenAndReturnsWhatCame) {
  Start();
  Request request{.method = "PATCH",
                  .url = Url("/echo?a=b"),
                  .headers = {{"X-One", "1"}, {"Host", "other.test"}, {"Connection", "close"}},
                  .body = "body"};
  base::Result<Response> response = Send(request);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_TRUE(response->http2);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body,
            ":method=PATCH\n:scheme=https\n:authority=other.test\n:path=/echo?a=b\nx-one=1\nuser-agent=sluice\naccept=*/"
            "*\ncontent-length=4\n\nbody");
  response = Send({.url = Url("/hello")});
  ASSERT_TRUE(response);
  EXPECT_EQ(FindHeader(response->headers, "X-Test"), "1");
  EXPECT_EQ(Get(Url("/nothing")), "404 ok");
}

TEST_F(Http2Test, CarriesMethodsAndBodies) {
  Start();
  struct Row {
    std::string_view method, body, want;
  };
  const Row rows[] = {{"GET", "", ""},
                      {"POST", "", "content-length=0\n"},
                      {"PUT", "x", "content-length=1\n"},
                      {"DELETE", "", ""},
                      {"DELETE", "{}", "content-length=2\n"}};
  for (const Row& row : rows) {
    SCOPED_TRACE(row.method);
    const base::Result<Response> response = Send({.method = std::string(row.method), .url = Url("/echo"), .body = std::string(row.body)});
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_TRUE(response->body.ends_with("accept=*/*\n" + std::string(row.want) + "\n" + std::string(row.body))) << response->body;
  }
  const std::string large(3'000'000, 'u');
  const base::Result<Response> response = Send({.method = "POST", .url = Url("/echo"), .body = large});
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_TRUE(response->body.ends_with("\n\n" + large));
}

TEST_F(Http2Test, ThreeHundredAtOnceOnOneConnection) {
  Start({.max_streams = 300, .gate = 300}, {.max_streams = 300});
  EXPECT_EQ(GetMany(Url("/gate"), 300), "300 x 200 through");  // none is answered before all are there
  EXPECT_EQ(peer_->connections(), 1u);
  EXPECT_EQ(peer_->most_streams(), 300u);
  EXPECT_EQ(client_->counters().connections, 1u);
  EXPECT_EQ(client_->counters().active, 0u);
}

TEST_F(Http2Test, BeyondOurOwnLimitRequestsWaitInLine) {
  Start({.max_streams = 250}, {.max_streams = 100});
  EXPECT_EQ(GetMany(Url("/hello"), 300), "300 x 200 hello");
  EXPECT_EQ(peer_->connections(), 1u);
  EXPECT_LE(peer_->most_streams(), 100u);
  EXPECT_EQ(client_->counters().waiting, 0u);
}

TEST_F(Http2Test, WhereThePeerTakesFewerMoreConnectionsAreMadeThenALine) {
  Start({.max_streams = 10}, {.max_connections_per_host = 3});
  EXPECT_EQ(Get(Url("/hello")), "200 hello");  // now its limit is known
  EXPECT_EQ(GetMany(Url("/hello"), 300), "300 x 200 hello");
  EXPECT_LE(peer_->connections(), 3u);
  EXPECT_LE(peer_->most_streams(), 10u);
}

Task<void> Watch(HttpClient& client, std::string url, int* got, std::string* end) {
  Request request{.url = std::move(url), .timeout = std::chrono::milliseconds(0)};
  BodySink sink = [got](std::string_view) {
    ++*got;
    return true;
  };
  const base::Result<Response> response = co_await client.Stream(std::move(request), std::move(sink));
  *end = Say(response);
}

TEST_F(Http2Test, WatchesHaveConnectionsOfTheirOwnAndStarveNobody) {
  Start({.max_streams = 50}, {.max_streams = 50});
  constexpr int kWatches = 120;
  std::vector<int> got(kWatches);
  std::vector<std::string> ends(kWatches);
  std::vector<CancelHandle> handles;
  for (std::size_t i = 0; i < kWatches; ++i) handles.push_back(scope_->Spawn(Watch(*client_, Url("/part"), &got[i], &ends[i])));
  while (std::count(got.begin(), got.end(), 0) > 0) Pause(2ms);  // all 120 are under way, though a connection takes 50
  EXPECT_EQ(peer_->connections(), 3u);
  EXPECT_EQ(Get(Url("/hello")), "200 hello");
  EXPECT_EQ(peer_->connections(), 4u);
  EXPECT_EQ(client_->counters().active, 120u);
  for (const CancelHandle& handle : handles) handle.Cancel();
  (void)runtime_.BlockOn(scope_->Drained());
  for (const std::string& end : ends) EXPECT_EQ(Plain(end), "Canceled: GET https://127.0.0.1:PORT/part: canceled");
  while (peer_->resets() < 120) Pause(1ms);  // the peer is told
  EXPECT_EQ(client_->counters().active, 0u);
}

TEST_F(Http2Test, LimitsAndTimeoutsEndAnExchangeAndLeaveTheConnection) {
  Start();
  struct Row {
    std::string_view rule;
    Request request;
    std::string_view want;
  };
  const Row rows[] = {
      {"R7 no answer", {.url = Url("/hang"), .timeout = 20ms}, "Timeout: GET https://127.0.0.1:PORT/hang: no answer within 20ms"},
      {"an answer that stops", {.url = Url("/part"), .timeout = 30ms}, "Timeout: GET https://127.0.0.1:PORT/part: no answer within 30ms"},
      {"silence",
       {.url = Url("/part"), .timeout = 10s, .idle_timeout = 20ms},
       "Timeout: GET https://127.0.0.1:PORT/part: no byte for 20ms"},
      {"silence from the start",
       {.url = Url("/hang"), .timeout = 0ms, .idle_timeout = 20ms},
       "Timeout: GET https://127.0.0.1:PORT/hang: no byte for 20ms"},
      {"body too large",
       {.url = Url("/bytes/1000"), .max_response_bytes = 999},
       "TooLarge: GET https://127.0.0.1:PORT/bytes/1000: answer exceeds 999 bytes"},
      {"T24 headers too large", {.url = Url("/headers/60000")}, "200 "},
      {"not cleanly ended",
       {.url = Url("/reset/2")},
       "Unavailable: GET https://127.0.0.1:PORT/reset/2: the peer ended the answer: INTERNAL_ERROR"},
      {"R4 a reset that says all is well",
       {.url = Url("/reset/0")},
       "Unavailable: GET https://127.0.0.1:PORT/reset/0: the peer ended the answer: NO_ERROR"},
      {"R4 cancelled by the peer",
       {.url = Url("/reset/8")},
       "Unavailable: GET https://127.0.0.1:PORT/reset/8: the peer ended the answer: CANCEL"},
      {"R4 shorter than promised",
       {.url = Url("/short")},
       "Unavailable: GET https://127.0.0.1:PORT/short: the peer ended the answer: PROTOCOL_ERROR"},
      {"the query stays out of messages",
       {.url = Url("/hang?token=secret"), .timeout = 20ms},
       "Timeout: GET https://127.0.0.1:PORT/hang: no answer within 20ms"},
      {"answered before the body was read", {.method = "POST", .url = Url("/early"), .body = std::string(1'000'000, 'x')}, "200 early"},
      {"and after all that", {.url = Url("/hello")}, "200 hello"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.rule);
    std::string said = Plain(Say(Send(row.request)));
    EXPECT_EQ(said, row.want);
  }
  EXPECT_EQ(peer_->connections(), 2u);  // one for requests, one for the watch
}

TEST_F(Http2Test, ASinkEndsItsStream) {
  Start();
  std::size_t got = 0;
  BodySink sink = [&got](std::string_view data) { return (got += data.size()) < 100'000; };
  const base::Result<Response> response = runtime_.BlockOn(client_->Stream({.url = Url("/bytes/10000000")}, sink));
  EXPECT_EQ(Plain(Say(response)), "Canceled: GET https://127.0.0.1:PORT/bytes/10000000: ended by the receiver");
  EXPECT_LT(got, 1'000'000u);
  EXPECT_EQ(Get(Url("/hello")), "200 hello");
  EXPECT_EQ(peer_->connections(), 1u);
}

TEST_F(Http2Test, WhatASinkThrowsReachesTheCaller) {
  Start();
  BodySink sink = [](std::string_view) -> bool { throw std::logic_error("a bug"); };
  EXPECT_THROW((void)runtime_.BlockOn(client_->Stream({.url = Url("/hello")}, sink)), std::logic_error);
  EXPECT_EQ(Get(Url("/hello")), "200 hello");
  EXPECT_EQ(peer_->connections(), 1u);
}

TEST_F(Http2Test, OnlyGoodAnswersGoToTheSink) {
  Start();
  std::string streamed;
  BodySink sink = [&streamed](std::string_view data) {
    streamed += data;
    return true;
  };
  base::Result<Response> response = runtime_.BlockOn(client_->Stream({.url = Url("/hello")}, sink));
  EXPECT_EQ(Say(response), "200 ");
  EXPECT_EQ(streamed, "hello");
  response = runtime_.BlockOn(client_->Stream({.url = Url("/nothing")}, sink));
  EXPECT_EQ(Say(response), "404 ok");
  EXPECT_EQ(streamed, "hello");
}

TEST_F(Http2Test, CancellingEndsOneExchangeOnly) {
  Start();
  EXPECT_EQ(Plain(GetCancelled(Url("/hang"), [this] { return peer_->requests().size() == 1; })),
            "Canceled: GET https://127.0.0.1:PORT/hang: canceled");
  EXPECT_EQ(Plain(GetCancelled(Url("/part"), [this] { return peer_->requests().size() == 2; })),
            "Canceled: GET https://127.0.0.1:PORT/part: canceled");
  EXPECT_EQ(Get(Url("/hello")), "200 hello");
  while (peer_->resets() < 2) Pause(1ms);
  EXPECT_EQ(peer_->connections(), 1u);
}

TEST_F(Http2Test, ManyCancelledBodiesDoNotUseUpTheWindow) {
  Start();
  for (int i = 0; i < 100; ++i) {
    BodySink sink = [](std::string_view) { return false; };
    (void)runtime_.BlockOn(client_->Stream({.url = Url("/bytes/1000000"), .timeout = 10s}, sink));
  }
  const base::Result<Response> whole = Send({.url = Url("/bytes/30000000"), .timeout = 20s});
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(whole->body.size(), 30'000'000u);
  EXPECT_EQ(peer_->connections(), 1u);
}

TEST_F(Http2Test, WhatThePeerDidNotLookAtIsSentAgain) {
  Start();
  EXPECT_EQ(Say(Send({.method = "POST", .url = Url("/refuse"), .body = "x"})), "200 ok");
  EXPECT_EQ(Say(Send({.method = "POST", .url = Url("/dropped"), .body = "x"})), "200 ok");
  EXPECT_EQ(peer_->requests(), (std::vector<std::string>{"POST /refuse", "POST /refuse", "POST /dropped", "POST /dropped"}));
  EXPECT_EQ(peer_->connections(), 2u);
}

TEST_F(Http2Test, AfterGoAwayWhatRunsEndsAndWhatComesGoesElsewhere) {
  Start();
  int got = 0;
  std::string end = "?";
  const CancelHandle watch = scope_->Spawn(Watch(*client_, Url("/part"), &got, &end));
  while (got == 0) Pause(1ms);
  EXPECT_EQ(Get(Url("/goaway")), "200 ok");
  EXPECT_EQ(Get(Url("/hello")), "200 hello");
  EXPECT_EQ(peer_->connections(), 3u);
  peer_->GoAway();
  EXPECT_EQ(Get(Url("/hello")), "200 hello");
  Pause(5ms);
  EXPECT_EQ(end, "?");  // the watch was under way and goes on
  watch.Cancel();
  (void)runtime_.BlockOn(watch.Join());
}

TEST_F(Http2Test, ALostConnectionIsUnavailableAndTheNextRequestWorks) {
  Start();
  EXPECT_EQ(Plain(Say(Send({.method = "POST", .url = Url("/die"), .body = "x"}))),
            "Unavailable: POST https://127.0.0.1:PORT/die: the peer closed the connection");
  EXPECT_EQ(Get(Url("/hello")), "200 hello");
  EXPECT_EQ(peer_->requests(), (std::vector<std::string>{"POST /die", "GET /hello"}));
}

TEST_F(Http2Test, OnAKeptConnectionGoneStaleOnlyHarmlessRequestsAreRepeated) {
  Start();
  EXPECT_EQ(Get(Url("/hello")), "200 hello");
  EXPECT_EQ(Plain(Say(Send({.method = "POST", .url = Url("/die"), .body = "x"}))),
            "Unavailable: POST https://127.0.0.1:PORT/die: the peer closed the connection");
  EXPECT_EQ(Get(Url("/hello")), "200 hello");
  EXPECT_EQ(Plain(Get(Url("/die"))), "Unavailable: GET https://127.0.0.1:PORT/die: the peer closed the connection");
  // The GET was sent twice: on the kept connection, and, in vain, on a fresh one.
  EXPECT_EQ(peer_->requests(), (std::vector<std::string>{"GET /hello", "POST /die", "GET /hello", "GET /die", "GET /die"}));
}

TEST_F(Http2Test, CutsAndResetsAtAnyByteAreErrorsNeverShortBodies) {
  StartProxied();
  // Handshake, headers, somewhere in the body, and its last bytes; by FIN and by RST.
  for (const auto kind : {Fault::Kind::Cut, Fault::Kind::Reset, Fault::Kind::Garble}) {
    for (const std::uint64_t at : {0u, 100u, 1000u, 1500u, 5'000u, 50'000u, 199'000u, 200'500u}) {
      SCOPED_TRACE(at);
      MakeClient({.tls = {.ca_pem = Authority().ca_pem()}});
      proxy_->Next({.kind = kind, .at_byte = at});
      const base::Result<Response> response = Send({.method = "POST", .url = Proxied("/bytes/200000"), .body = "x", .timeout = 10s});
      EXPECT_FALSE(response) << "status " << response->status << ", " << response->body.size() << " bytes";
      if (response) continue;
      EXPECT_EQ(response.error().reason, base::Reason::Unavailable) << response.error().message;
      EXPECT_EQ(Get(Proxied("/hello")), "200 hello");
    }
  }
}

TEST_F(Http2Test, DelaysOnlyDelay) {
  StartProxied();
  proxy_->Next({.kind = Fault::Kind::Delay, .at_byte = 2'000, .delay = 30ms});
  const base::Result<Response> response = Send({.url = Proxied("/bytes/200000")});
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, std::string(200'000, 'b'));
}

TEST_F(Http2Test, APeerThatFallsSilentIsPingedAndGivenUp) {
  StartProxied({.ping_after = 50ms, .ping_timeout = 500ms});
  int got = 0;
  std::string end = "?";
  scope_->Spawn(Watch(*client_, Proxied("/part"), &got, &end));
  while (peer_->pings() < 3) Pause(2ms);  // it answers, so the watch stays
  EXPECT_EQ(end, "?");
  proxy_->Now({.kind = Fault::Kind::Stall, .direction = Direction::ToClient});
  (void)runtime_.BlockOn(scope_->Drained());
  EXPECT_EQ(Plain(end), "Unavailable: GET https://127.0.0.1:PORT/part: answer cut short: the peer does not answer");
  EXPECT_EQ(Get(Proxied("/hello")), "200 hello");
}

// Whatever the proxy is in the middle of: what passed is what was sent.
TEST_F(Http2Test, AStallAtAnyMomentGarblesNothing) {
  StartProxied();
  const std::string whole = "200 " + std::string(100, 'b');
  int passed = 0, stalled = 0;
  const auto send = [this](std::string path, std::string* out) -> Task<void> {
    const base::Result<Response> response = co_await client_->Send({.url = Proxied(path), .timeout = 30ms});
    *out = Say(response);
  };
  for (int turns = 0; passed < 5; ++turns) {
    SCOPED_TRACE(turns);
    MakeClient({.tls = {.ca_pem = Authority().ca_pem()}});
    ASSERT_EQ(Get(Proxied("/hello")), "200 hello");
    std::string said = "?", next = "?";
    const CancelHandle handle = scope_->Spawn(send("/bytes/100", &said));
    for (int i = 0; i < turns; ++i) runtime_.io().run_one();
    proxy_->Now({.kind = Fault::Kind::Stall, .direction = Direction::ToClient});
    (void)runtime_.BlockOn(handle.Join());
    ++(said == whole ? passed : stalled);
    if (said != whole) ASSERT_EQ(Plain(said), "Timeout: GET https://127.0.0.1:PORT/bytes/100: no answer within 30ms");
    (void)runtime_.BlockOn(send("/hello", &next));
    ASSERT_EQ(Plain(next), "Timeout: GET https://127.0.0.1:PORT/hello: no answer within 30ms");
  }
  EXPECT_GT(stalled, 3);
}

TEST_F(Http2Test, ConnectingHasItsOwnTimeout) {
  StartProxied({.connect_timeout = 30ms});
  proxy_->Always({.kind = Fault::Kind::Stall, .at_byte = 0});
  EXPECT_EQ(Plain(Get(Proxied("/hello"))), "Timeout: GET https://127.0.0.1:PORT/hello: no connection within 30ms");
  EXPECT_EQ(Plain(Say(Send({.url = Proxied("/hello"), .timeout = 10ms}))),
            "Timeout: GET https://127.0.0.1:PORT/hello: no answer within 10ms");
  MakeClient({.tls = {.ca_pem = Authority().ca_pem()}});
  EXPECT_EQ(Plain(GetCancelled(Proxied("/hello"), [this] { return proxy_->counters().connections == 3; })),
            "Canceled: GET https://127.0.0.1:PORT/hello: canceled");
  proxy_->Heal();
  MakeClient({.tls = {.ca_pem = Authority().ca_pem()}});
  EXPECT_EQ(Get(Proxied("/hello")), "200 hello");
}

TEST_F(Http2Test, AClientThatGoesEndsWhatIsUnderWay) {
  Start({}, {.max_streams = 2});
  std::string said[4];
  auto send = [](HttpClient& client, Request request, std::string* out) -> Task<void> {
    const base::Result<Response> response = co_await client.Send(std::move(request));
    *out = Say(response);
  };
  for (std::string& each : said) scope_->Spawn(send(*client_, {.url = Url("/hang")}, &each));  // two of them in line
  while (peer_->requests().size() < 2) Pause(1ms);
  Task<base::Result<Response>> unstarted = client_->Send({.url = Url("/hello")});
  client_.reset();
  (void)runtime_.BlockOn(scope_->Drained());
  for (const std::string& each : said) EXPECT_EQ(Plain(each), "Canceled: GET https://127.0.0.1:PORT/hang: canceled");
  EXPECT_EQ(Plain(Say(runtime_.BlockOn(std::move(unstarted)))), "Canceled: GET https://127.0.0.1:PORT/hello: canceled");
}

TEST_F(Http2Test, CertificatesAreChecked) {
  const TestAuthority other("Other CA");
  const auto good = Authority().Issue("server", {"IP:127.0.0.1"});
  const auto expired = Authority().Issue("server", {"IP:127.0.0.1"}, true);
  const auto elsewhere = Authority().Issue("server", {"DNS:example.test"});
  struct Row {
    std::string_view rule;
    TestAuthority::Identity server;
    TlsOptions tls;
    std::string_view want;
  };
  const std::string ca = Authority().ca_pem();
  const Row rows[] = {
      {"good", good, {.ca_pem = ca}, "200 hello"},
      {"unknown authority",
       good,
       {.ca_pem = other.ca_pem()},
       "Unauthorized: GET https://127.0.0.1:PORT/hello: TLS: certificate refused: unable to get local issuer certificate"},
      {"the system's roots",
       good,
       {},
       "Unauthorized: GET https://127.0.0.1:PORT/hello: TLS: certificate refused: unable to get local issuer certificate"},
      {"expired",
       expired,
       {.ca_pem = ca},
       "Unauthorized: GET https://127.0.0.1:PORT/hello: TLS: certificate refused: certificate has expired"},
      {"another name",
       elsewhere,
       {.ca_pem = ca},
       "Unauthorized: GET https://127.0.0.1:PORT/hello: TLS: certificate refused: IP address mismatch"},
      {"the name we expect", elsewhere, {.ca_pem = ca, .server_name = "example.test"}, "200 hello"},
      {"not the name we expect",
       good,
       {.ca_pem = ca, .server_name = "example.test"},
       "Unauthorized: GET https://127.0.0.1:PORT/hello: TLS: certificate refused: hostname mismatch"},
      {"unchecked on demand", expired, {.insecure_skip_verify = true}, "200 hello"},
      {"a CA that is none",
       good,
       {.ca_pem = "nonsense"},
       "Invalid: GET https://127.0.0.1:PORT/hello: CA certificates: not PEM certificates"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.rule);
    StartPeer({.cert_pem = row.server.cert_pem, .key_pem = row.server.key_pem});
    MakeClient({.tls = row.tls});
    EXPECT_EQ(Plain(Get(Url("/hello"))), row.want);
  }
}

TEST_F(Http2Test, AnAuthorityBesideTheSystemsOrInsteadOfThem) {
  const TestAuthority of_the_system("System CA"), given("Given CA");
  const std::string roots = ::testing::TempDir() + "roots-" + std::to_string(getpid()) + ".pem";
  std::ofstream(roots) << of_the_system.ca_pem();
  setenv("SSL_CERT_FILE", roots.c_str(), 1);
  struct Row {
    std::string_view rule;
    const TestAuthority& server;
    TlsOptions tls;
    bool trusted;
  };
  const Row rows[] = {
      {"none given", of_the_system, {}, true},
      {"none given, of another", given, {}, false},
      {"instead", given, {.ca_pem = given.ca_pem()}, true},
      {"instead, of the system", of_the_system, {.ca_pem = given.ca_pem()}, false},
      {"beside", given, {.ca_pem = given.ca_pem(), .system_roots = true}, true},
      {"beside, of the system", of_the_system, {.ca_pem = given.ca_pem(), .system_roots = true}, true},
  };
  for (const bool http1 : {false, true}) {
    for (const Row& row : rows) {
      SCOPED_TRACE(std::string(row.rule) + (http1 ? " over HTTP/1.1" : " over HTTP/2"));
      const auto server = row.server.Issue("server", {"IP:127.0.0.1"});
      StartPeer({.cert_pem = server.cert_pem, .key_pem = server.key_pem, .http1 = http1});
      MakeClient({.tls = row.tls});
      const std::string answer = Get(Url("/hello"));
      EXPECT_EQ(answer.starts_with("200 "), row.trusted) << answer;
    }
  }
  unsetenv("SSL_CERT_FILE");
  std::remove(roots.c_str());
}

TEST_F(Http2Test, ClientCertificates) {
  const TestAuthority other("Other CA");
  const auto ours = Authority().Issue("client", {});
  const auto stranger = other.Issue("client", {});
  const auto server = Authority().Issue("server", {"IP:127.0.0.1"});
  StartPeer({.cert_pem = server.cert_pem, .key_pem = server.key_pem, .client_ca_pem = Authority().ca_pem()});
  struct Row {
    std::string_view rule, cert, key, want;
  };
  const Row rows[] = {
      {"known", ours.cert_pem, ours.key_pem, "200 hello"},
      {"none", "", "", "Unauthorized: GET https://127.0.0.1:PORT/hello: TLS: the peer refused: tlsv13 alert certificate required"},
      {"of a stranger", stranger.cert_pem, stranger.key_pem,
       "Unauthorized: GET https://127.0.0.1:PORT/hello: TLS: the peer refused: tlsv1 alert unknown ca"},
      {"with another's key", ours.cert_pem, stranger.key_pem,
       "Invalid: GET https://127.0.0.1:PORT/hello: client key: not the key of the client certificate"},
      {"that is none", "nonsense", ours.key_pem, "Invalid: GET https://127.0.0.1:PORT/hello: client certificate: not a PEM certificate"},
      {"with a key that is none", ours.cert_pem, "nonsense",
       "Invalid: GET https://127.0.0.1:PORT/hello: client key: not a PEM private key"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.rule);
    MakeClient({.tls = {.ca_pem = Authority().ca_pem(), .client_cert_pem = std::string(row.cert), .client_key_pem = std::string(row.key)}});
    EXPECT_EQ(Plain(Get(Url("/hello"))), row.want);
  }
}

TEST_F(Http2Test, WithAnOldPeerItSpeaksHttp1) {
  Start({.http1 = true});
  const base::Result<Response> response = Send({.url = Url("/hello")});
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "old");
  EXPECT_FALSE(response->http2);
  EXPECT_EQ(Get(Url("/hello")), "200 old");
  EXPECT_EQ(peer_->connections(), 3u);  // the first only found out
}

TEST_F(Http2Test, RedirectsLeaveCredentialsAtHome) {
  Start();
  const auto server = Authority().Issue("server", {"IP:127.0.0.1"});
  H2Peer stranger(runtime_.io(), {.cert_pem = server.cert_pem, .key_pem = server.key_pem});
  const Headers headers{{"Authorization", "Bearer secret"}, {"Cookie", "c=1"}, {"X-Token", "secret"}, {"Accept", "text/plain"}};
  Request request{.url = Url("/to?/echo/same"), .headers = headers, .max_redirects = 5};
  base::Result<Response> response = Send(request);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_NE(response->body.find("authorization=Bearer secret\ncookie=c=1\nx-token=secret\naccept=text/plain\n"), std::string::npos)
      << response->body;

  request.url = Url("/to?" + stranger.url("/echo/other"));
  response = Send(request);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, ":method=GET\n:scheme=https\n:authority=127.0.0.1:" + std::to_string(stranger.port()) +
                                "\n:path=/echo/other\naccept=text/plain\nuser-agent=sluice\n\n");
  request.max_redirects = 0;
  EXPECT_EQ(Say(Send(request)), "307 moved");
  request.max_redirects = 2;
  request.url = Url("/to?/to?/to?/hello");
  EXPECT_EQ(Plain(Say(Send(request))), "Invalid: GET https://127.0.0.1:PORT/to: more than 2 redirects");
  request.url = Url("/to?http://127.0.0.1:1/");
  EXPECT_EQ(Plain(Say(Send(request))),
            "Forbidden: GET https://127.0.0.1:PORT/to: redirect to http://127.0.0.1:1/ refused: it would leave TLS");
}

TEST_F(Http2Test, AddressesAreJudgedWhenConnecting) {
  Start({}, {.addresses = Addresses::Public});
  EXPECT_EQ(Plain(Get(Url("/hello"))), "Forbidden: GET https://127.0.0.1:PORT/hello: address 127.0.0.1 is not allowed");
  MakeClient();
  EXPECT_EQ(Get("https://169.254.169.254/latest"), "Forbidden: GET https://169.254.169.254/latest: address 169.254.169.254 is not allowed");
  EXPECT_EQ(Get("https://[::ffff:169.254.169.254]/"),
            "Forbidden: GET https://[::ffff:169.254.169.254]/: address [::ffff:169.254.169.254] is not allowed");
}

}  // namespace
}  // namespace sluice::net
