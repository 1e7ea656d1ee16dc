// HttpClient over HTTP/1.1: our own server, and peers that send whatever bytes the test has for them.
#include <gtest/gtest.h>

#include "net/await.h"
#include "net/server.h"
#include "tests/net/client_fixture.h"
#include "tests/net/faulty_proxy.h"
#include "tests/net/raw_peer.h"

namespace sluice::net {
namespace {

using namespace std::chrono_literals;

class Http1Test : public ClientTest {
 protected:
  void Start(ClientOptions options = {}) {
    server_ = std::make_unique<HttpServer>(runtime_.io(), ServerOptions{.max_body_bytes = 8u << 20},
                                           [this](ServerRequest request) { return Answer(std::move(request)); });
    ASSERT_TRUE(server_->Start());
    proxy_ = std::make_unique<FaultyProxy>(runtime_.io(), server_->port());
    MakeClient(std::move(options));
  }
  void TearDown() override {
    ClientTest::TearDown();
    if (server_) runtime_.BlockOn(server_->Close(0ms));
  }
  Task<ServerResponse> Answer(ServerRequest request) {
    seen_.push_back(request.method + " " + request.target);
    ++now_;
    most_ = std::max(most_, now_);
    ServerResponse response;
    if (request.target.starts_with("/hang")) (void)co_await SleepFor(1h);
    if (request.target == "/wait") (void)co_await SleepFor(2ms);
    --now_;
    if (request.target.starts_with("/to?")) {
      response.status = 302;
      response.headers.emplace_back("Location", request.target.substr(4));
    }
    response.body = "hello";
    if (request.target == "/bytes") response.body = std::string(200'000, 'b');
    if (request.target == "/echo") {
      response.body.clear();
      for (const auto& [name, value] : request.headers) response.body += name + "=" + value + "\n";
      response.body += "\n" + request.body;
    }
    co_return response;
  }
  std::string Url(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(server_->port()) + path; }
  std::string Proxied(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(proxy_->port()) + path; }

  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<FaultyProxy> proxy_;
  std::vector<std::string> seen_;
  int now_ = 0, most_ = 0;
};

TEST_F(Http1Test, SendsWhatItIsGivenAndReturnsWhatCame) {
  Start();
  const std::string host = "Host=127.0.0.1:" + std::to_string(server_->port()) + "\nUser-Agent=sluice\nAccept=*/*\n";
  struct Row {
    std::string_view rule;
    Request request;
    std::string want;
  };
  const Row rows[] = {
      {"GET", {.url = Url("/echo")}, "200 " + host + "\n"},
      {"headers, one without value",
       {.url = Url("/echo"), .headers = {{"X-One", "1"}, {"X-None", ""}}},
       "200 " + host + "X-One=1\nX-None=\n\n"},
      {"POST",
       {.method = "POST", .url = Url("/echo"), .headers = {{"Content-Type", "text/plain"}}, .body = "abc"},
       "200 " + host + "Content-Type=text/plain\nContent-Length=3\n\nabc"},
      {"POST without a body", {.method = "POST", .url = Url("/echo")}, "200 " + host + "Content-Length=0\n\n"},
      {"PATCH", {.method = "PATCH", .url = Url("/echo"), .body = "p"}, "200 " + host + "Content-Length=1\n\np"},
      {"PUT", {.method = "PUT", .url = Url("/echo"), .body = "p"}, "200 " + host + "Content-Length=1\n\np"},
      {"DELETE", {.method = "DELETE", .url = Url("/echo")}, "200 " + host + "\n"},
      {"DELETE with a body", {.method = "DELETE", .url = Url("/echo"), .body = "d"}, "200 " + host + "Content-Length=1\n\nd"},
      {"HEAD", {.method = "HEAD", .url = Url("/echo")}, "200 "},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.rule);
    EXPECT_EQ(Say(Send(row.request)), row.want);
  }
  const std::string large(3'000'000, 'u');
  const base::Result<Response> response = Send({.method = "POST", .url = Url("/echo"), .body = large});
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_TRUE(response->body.ends_with("\n\n" + large));
  EXPECT_FALSE(response->http2);
}

TEST_F(Http1Test, RefusesWhatItShouldNotSend) {
  Start();
  struct Row {
    std::string_view rule;
    Request request;
    std::string_view want;
  };
  const Row rows[] = {
      {"T13 credentials in the URL", {.url = "http://user:pass@127.0.0.1/x"}, "Invalid: GET http://127.0.0.1/x: credentials in the URL"},
      {"another scheme", {.url = "file:///etc/passwd"}, "Invalid: GET (malformed URL): no host in URL"},
      {"another scheme with a host", {.url = "ftp://host/x"}, "Invalid: GET ftp://host/x: neither http nor https"},
      {"T7 a line break in the URL", {.url = "http://host/a\r\nX: y"}, "Invalid: GET (malformed URL): forbidden character in URL"},
      {"a line break in a header",
       {.url = "http://host/", .headers = {{"A", "b\r\nC: d"}}},
       "Invalid: GET http://host/: malformed value of header A"},
      {"a header name that is none", {.url = "http://host/", .headers = {{"A:", "b"}}}, "Invalid: GET http://host/: malformed header name"},
      {"a method that is none", {.method = "GET /", .url = "http://host/"}, "Invalid: request http://host/: malformed method"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.rule);
    EXPECT_EQ(Say(Send(row.request)), row.want);
  }
}

TEST_F(Http1Test, FewConnectionsManyRequests) {
  Start({.max_connections_per_host = 4});
  EXPECT_EQ(GetMany(Url("/wait"), 300), "300 x 200 hello");
  EXPECT_EQ(most_, 4);
  EXPECT_EQ(client_->counters().connections, 4u);
  EXPECT_EQ(client_->counters().requests, 300u);
}

Task<void> Watch(HttpClient& client, std::string url, std::string* end) {
  Request request{.url = std::move(url), .timeout = std::chrono::milliseconds(0)};
  const base::Result<Response> response = co_await client.Send(std::move(request));
  *end = Say(response);
}

TEST_F(Http1Test, WatchesDoNotTakeRequestsConnections) {
  Start({.max_connections_per_host = 2});
  std::vector<std::string> ends(10);
  for (std::string& end : ends) scope_->Spawn(Watch(*client_, Url("/hang"), &end));
  while (now_ < 10) Pause(1ms);
  EXPECT_EQ(Get(Url("/x")), "200 hello");
  scope_->Cancel();
  (void)runtime_.BlockOn(scope_->Drained());
  for (const std::string& end : ends) EXPECT_EQ(end, "Canceled: GET " + Url("/hang") + ": canceled");
}

TEST_F(Http1Test, LimitsTimeoutsAndCancellation) {
  Start();
  EXPECT_EQ(Say(Send({.url = Url("/hang"), .timeout = 20ms})), "Timeout: GET " + Url("/hang") + ": no answer within 20ms");
  EXPECT_EQ(Say(Send({.url = Url("/hang"), .idle_timeout = 20ms})), "Timeout: GET " + Url("/hang") + ": no byte for 20ms");
  EXPECT_EQ(Say(Send({.url = Url("/bytes"), .max_response_bytes = 199'999})),
            "TooLarge: GET " + Url("/bytes") + ": answer exceeds 199999 bytes");
  EXPECT_EQ(GetCancelled(Url("/hang?2"), [this] { return seen_.back() == "GET /hang?2"; }), "Canceled: GET " + Url("/hang") + ": canceled");
  BodySink sink = [](std::string_view) { return false; };
  const base::Result<Response> response = runtime_.BlockOn(client_->Stream({.url = Url("/bytes")}, sink));
  EXPECT_EQ(Say(response), "Canceled: GET " + Url("/bytes") + ": ended by the receiver");
  EXPECT_EQ(Get(Url("/x")), "200 hello");
}

TEST_F(Http1Test, WhatASinkThrowsReachesTheCaller) {
  Start();
  BodySink sink = [](std::string_view) -> bool { throw std::logic_error("a bug"); };
  EXPECT_THROW((void)runtime_.BlockOn(client_->Stream({.url = Url("/x")}, sink)), std::logic_error);
  EXPECT_EQ(Get(Url("/x")), "200 hello");
}

TEST_F(Http1Test, AClientThatGoesEndsWhatIsUnderWay) {
  Start({.max_connections_per_host = 1});
  std::vector<std::string> ends(3);
  for (std::string& end : ends) scope_->Spawn(Watch(*client_, Url("/hang"), &end));
  while (now_ < 3) Pause(1ms);
  client_.reset();
  (void)runtime_.BlockOn(scope_->Drained());
  for (const std::string& end : ends) EXPECT_EQ(end, "Canceled: GET " + Url("/hang") + ": canceled");
}

TEST_F(Http1Test, R4CutsAndResetsAreErrorsNeverShortBodies) {
  Start();
  for (const auto kind : {Fault::Kind::Cut, Fault::Kind::Reset}) {
    for (const std::uint64_t at : {0u, 10u, 120u, 1000u, 199'000u}) {
      SCOPED_TRACE(at);
      MakeClient();
      proxy_->Next({.kind = kind, .at_byte = at});
      const base::Result<Response> response = Send({.method = "POST", .url = Proxied("/bytes"), .body = "x", .timeout = 10s});
      ASSERT_FALSE(response) << "status " << response->status << ", " << response->body.size() << " bytes";
      EXPECT_EQ(response.error().reason, base::Reason::Unavailable) << response.error().message;
      EXPECT_EQ(Get(Proxied("/x")), "200 hello");
    }
  }
}

TEST_F(Http1Test, OnAKeptConnectionGoneStaleOnlyHarmlessRequestsAreRepeated) {
  Start();
  const Fault dies{.kind = Fault::Kind::Cut, .direction = Direction::ToServer, .at_byte = 1};  // before the request has come through
  EXPECT_EQ(Get(Proxied("/1")), "200 hello");
  proxy_->Now(dies);
  EXPECT_EQ(Say(Send({.method = "PUT", .url = Proxied("/2"), .body = "x"})), "200 hello");
  proxy_->Now(dies);
  const base::Result<Response> post = Send({.method = "POST", .url = Proxied("/3"), .body = "x"});
  ASSERT_FALSE(post);
  EXPECT_EQ(post.error().reason, base::Reason::Unavailable);
  EXPECT_EQ(Get(Proxied("/4")), "200 hello");
  proxy_->Now({.kind = Fault::Kind::Stall, .direction = Direction::ToClient});
  EXPECT_EQ(Say(Send({.method = "POST", .url = Proxied("/5"), .body = "x", .timeout = 50ms})),
            "Timeout: POST " + Proxied("/5") + ": no answer within 50ms");
  EXPECT_EQ(seen_, (std::vector<std::string>{"GET /1", "PUT /2", "GET /4", "POST /5"}));
}

TEST_F(Http1Test, NobodyThere) {
  Start();
  const std::string url = "http://127.0.0.1:1/";
  EXPECT_EQ(Get(url), "Unavailable: GET http://127.0.0.1:1/: Failed to connect to 127.0.0.1 port 1 after 0 ms: Couldn't connect to server");
  EXPECT_EQ(Get("http://169.254.169.254/x"), "Forbidden: GET http://169.254.169.254/x: address 169.254.169.254 is not allowed");
  MakeClient({.addresses = Addresses::Public});
  EXPECT_EQ(Get(Url("/x")), "Forbidden: GET " + Url("/x") + ": address 127.0.0.1 is not allowed");
  EXPECT_EQ(Get("http://0x7f.1/"), "Forbidden: GET http://0x7f.1/: address 127.0.0.1 is not allowed");
}

TEST_F(Http1Test, FollowsRedirectsOnlyWhenAsked) {
  Start();
  EXPECT_EQ(Say(Send({.url = Url("/to?/x")})), "302 hello");
  EXPECT_EQ(Say(Send({.method = "POST",
                      .url = Url("/to?/echo"),
                      .headers = {{"Authorization", "a"}, {"Content-Type", "t"}},
                      .body = "b",
                      .max_redirects = 1})),
            "200 Host=127.0.0.1:" + std::to_string(server_->port()) + "\nUser-Agent=sluice\nAccept=*/*\nAuthorization=a\n\n");
  EXPECT_EQ(seen_.back(), "GET /echo");
}

TEST_F(Http1Test, HeadersAreBounded) {
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: " + std::string(500, 'x') + "\r\n\r\nok";
  for (const std::size_t limit : {std::size_t{400}, std::size_t{600}}) {
    MakeClient({.max_header_bytes = limit});
    RawServer server(runtime_.io(), answer);
    const std::string said = Get("http://127.0.0.1:" + std::to_string(server.port()) + "/");
    EXPECT_EQ(said.ends_with("headers of the answer exceed 400 bytes"), limit == 400) << said;
    EXPECT_EQ(said == "200 ok", limit == 600) << said;
  }
}

TEST_F(Http1Test, T24PeersThatBreakTheProtocol) {
  struct Row {
    std::string_view rule, answer, want;
  };
  const std::string many = "HTTP/1.1 200 OK\r\n" + [] {
    std::string headers;
    for (int i = 0; i < 40; ++i) headers += "X-" + std::to_string(i) + ": " + std::string(8000, 'x') + "\r\n";
    return headers;
  }() + "\r\n";
  const Row rows[] = {
      {"nothing", "", "Unavailable: GET URL: Empty reply from server"},
      {"no HTTP", "hello there\r\n\r\n", "Unavailable: GET URL: Received HTTP/0.9 when not allowed"},
      {"a body shorter than its length", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
       "Unavailable: GET URL: transfer closed with 7 bytes remaining to read"},
      {"a chunk that never ends", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
       "Unavailable: GET URL: transfer closed with outstanding read data remaining"},
      {"a chunk size that overflows", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff1\r\nabc\r\n0\r\n\r\n",
       "Unavailable: GET URL: Too long hexadecimal number in chunked-encoding"},
      {"too many headers", many, "TooLarge: GET URL: headers of the answer exceed 262144 bytes"},
      {"informational answers first", "HTTP/1.1 100 Continue\r\nX: 1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "200 ok"},
      {"a trailer is no header", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nLocation: x\r\n\r\n", "200 ok"},
  };
  MakeClient();
  for (const Row& row : rows) {
    SCOPED_TRACE(row.rule);
    RawServer server(runtime_.io(), std::string(row.answer));
    const std::string url = "http://127.0.0.1:" + std::to_string(server.port()) + "/";
    std::string said = Get(url);
    if (const std::size_t at = said.find(url); at != std::string::npos) said.replace(at, url.size(), "URL");
    EXPECT_EQ(said, row.want);
  }
}

}  // namespace
}  // namespace sluice::net
