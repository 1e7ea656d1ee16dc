// HttpServer, spoken to in plain bytes over a socket: what a client of ours would never send must be answered too.
#include "net/server.h"

#include <unistd.h>

#include <fstream>

#include <gtest/gtest.h>

#include "net/await.h"
#include "tests/net/raw_peer.h"

namespace sluice::net {
namespace {

using namespace std::chrono_literals;

Task<ServerResponse> Echo(ServerRequest request) {
  ServerResponse response;
  if (request.target == "/slow") (void)co_await SleepFor(1h);
  if (request.target == "/wait") (void)co_await SleepFor(30ms);
  if (request.target == "/throw") throw std::runtime_error("a bug");
  if (request.target == "/none") response.status = 204;
  response.headers.emplace_back("X-Method", request.method);
  for (const auto& [name, value] : request.headers) {
    if (name == "X-Echo") response.headers.emplace_back("X-Echo", value);
  }
  response.body = request.target + ":" + request.body;
  co_return response;
}

class ServerTest : public ::testing::Test {
 protected:
  void StartServer(ServerOptions options = {}, HttpServer::Handler handler = Echo) {
    options.on_bug = [this](std::string_view what) { bug_ = what; };
    server_ = std::make_unique<HttpServer>(runtime_.io(), options, std::move(handler));
    const base::Result<void> started = server_->Start();
    ASSERT_TRUE(started) << started.error().message;
  }
  void TearDown() override {
    if (server_) runtime_.BlockOn(server_->Close(0ms));
  }
  std::string Ask(const std::string& bytes) { return runtime_.BlockOn(AskRaw(server_->port(), bytes)); }

  Runtime runtime_;
  std::unique_ptr<HttpServer> server_;
  std::string bug_;
};

struct Row {
  std::string_view rule, request, want;
};

TEST_F(ServerTest, AnswersRequests) {
  StartServer();
  const Row rows[] = {
      {"a GET, closed as asked", "GET /a?b=c HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Echo: 1\r\n\r\n",
       "HTTP/1.1 200 OK\r\nX-Method: GET\r\nX-Echo: 1\r\nContent-Length: 7\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: "
       "close\r\n\r\n/a?b=c:"},
      {"a POST with a length", "POST /p HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc",
       "HTTP/1.1 200 OK\r\nX-Method: POST\r\nContent-Length: 6\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: "
       "close\r\n\r\n/p:abc"},
      {"a chunked POST",
       "POST /p HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
       "HTTP/1.1 200 OK\r\nX-Method: POST\r\nContent-Length: 6\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: "
       "close\r\n\r\n/p:abc"},
      {"HEAD says the length and sends nothing", "HEAD /h HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
       "HTTP/1.1 200 OK\r\nX-Method: HEAD\r\nContent-Length: 3\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"},
      {"204 has no body", "GET /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
       "HTTP/1.1 204 No Content\r\nX-Method: GET\r\nConnection: close\r\n\r\n"},
      {"an exception is a 500 without its text", "GET /throw HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
       "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 15\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: "
       "close\r\n\r\ninternal error\n"},
      {"100-continue", "POST /p HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na",
       "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX-Method: POST\r\nContent-Length: 4\r\nContent-Type: text/plain; "
       "charset=utf-8\r\nConnection: close\r\n\r\n/p:a"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.rule);
    EXPECT_EQ(Ask(std::string(row.request)), row.want);
  }
  EXPECT_EQ(bug_, "a bug");
}

std::string Refusal(std::string_view status, std::string_view text) {
  return "HTTP/1.1 " + std::string(status) + " " + std::string(text) + "\r\nContent-Length: " + std::to_string(text.size() + 1) +
         "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n" + std::string(text) + "\n";
}

TEST_F(ServerTest, RefusesWhatIsTooLargeTooSlowOrNoHttp) {
  StartServer({.max_header_bytes = 1000, .max_body_bytes = 100, .header_timeout = 500ms, .total_timeout = 600ms});
  const std::string close = "Host: x\r\nConnection: close\r\n";
  struct LimitRow {
    std::string_view rule;
    std::string request, want;
  };
  const LimitRow rows[] = {
      {"T64 headers too large", "GET / HTTP/1.1\r\nX: " + std::string(2000, 'x') + "\r\n\r\n",
       Refusal("431", "Request Header Fields Too Large")},
      {"T64 body too large", "POST / HTTP/1.1\r\n" + close + "Content-Length: 101\r\n\r\n" + std::string(101, 'x'),
       Refusal("413", "Payload Too Large")},
      {"T64 chunks too large", "POST / HTTP/1.1\r\n" + close + "Transfer-Encoding: chunked\r\n\r\n80\r\n" + std::string(128, 'x') + "\r\n",
       Refusal("413", "Payload Too Large")},
      {"no HTTP", "hello\r\n\r\n", Refusal("400", "Bad Request")},
      {"a length and chunks", "POST / HTTP/1.1\r\n" + close + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       Refusal("400", "Bad Request")},
      {"two lengths", "POST / HTTP/1.1\r\n" + close + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", Refusal("400", "Bad Request")},
      {"a chunk size that overflows", "POST / HTTP/1.1\r\n" + close + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
       Refusal("400", "Bad Request")},
      {"headers that never end", "GET / HTTP/1.1\r\nHost: x\r\n", Refusal("408", "Request Timeout")},
      {"a body that never ends", "POST / HTTP/1.1\r\n" + close + "Content-Length: 10\r\n\r\nabc", Refusal("408", "Request Timeout")},
      {"nothing at all", "", ""},
      {"a handler that takes too long", "GET /slow HTTP/1.1\r\n" + close + "\r\n",
       "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 18\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\nno "
       "answer in time\n"},
  };
  for (const LimitRow& row : rows) {
    SCOPED_TRACE(row.rule);
    EXPECT_EQ(Ask(row.request), row.want);
  }
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_F(ServerTest, KeepsTheConnectionAndAnswersInOrder) {
  StartServer();
  const std::string answer =
      Ask("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nPOST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nxGET /3 HTTP/1.1\r\nHost: "
          "x\r\nConnection: close\r\n\r\n");
  const std::size_t one = answer.find("/1:"), two = answer.find("/2:x"), three = answer.find("/3:");
  EXPECT_LT(one, two);
  EXPECT_LT(two, three);
  EXPECT_NE(three, std::string::npos);
}

class TempFile {
 public:
  explicit TempFile(const std::string& content) {
    char name[] = "/tmp/sluice-server-test-XXXXXX";
    close(mkstemp(name));
    path = name;
    std::ofstream(path, std::ios::binary) << content;
  }
  ~TempFile() { unlink(path.c_str()); }
  std::string path;
};

TEST_F(ServerTest, StreamsFiles) {
  std::string content;
  for (int i = 0; i < 300'000; ++i) content += static_cast<char>(i * 7 + i / 256);
  const TempFile file(content), empty("");
  const std::string path = file.path, empty_path = empty.path;
  StartServer({}, [path, empty_path](ServerRequest request) -> Task<ServerResponse> {
    ServerResponse response{.headers = {{"ETag", "\"1\""}, {"Last-Modified", "now"}}};
    if (request.target == "/file") response.file = path;
    if (request.target == "/empty") response.file = empty_path;
    if (request.target == "/missing") response.file = path + ".gone";
    if (request.target == "/directory") response.file = "/tmp";
    co_return response;
  });
  const std::string tail = " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  const std::string head =
      "HTTP/1.1 200 OK\r\nETag: \"1\"\r\nLast-Modified: now\r\nContent-Length: 300000\r\nContent-Type: "
      "application/octet-stream\r\nConnection: close\r\n\r\n";
  EXPECT_TRUE(Ask("GET /file" + tail) == head + content);
  EXPECT_EQ(Ask("HEAD /file" + tail), head);
  EXPECT_EQ(Ask("GET /empty" + tail),
            "HTTP/1.1 200 OK\r\nETag: \"1\"\r\nLast-Modified: now\r\nContent-Length: 0\r\nContent-Type: "
            "application/octet-stream\r\nConnection: close\r\n\r\n");
  const std::string missing =
      "HTTP/1.1 404 Not Found\r\nContent-Length: 10\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\nnot found\n";
  EXPECT_EQ(Ask("GET /missing" + tail), missing);
  EXPECT_EQ(Ask("GET /directory" + tail), missing);
}

Task<void> AskInto(std::uint16_t port, std::string bytes, std::string* answer) { *answer = co_await AskRaw(port, std::move(bytes)); }

TEST_F(ServerTest, StopLetsAnswersFinishAndClosesTheRest) {
  StartServer();
  Scope scope(runtime_.io());
  std::string busy = "?", idle = "?", late;
  scope.Spawn(AskInto(server_->port(), "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n", &busy));
  scope.Spawn(AskInto(server_->port(), "", &idle));
  while (server_->connections() < 2) (void)runtime_.BlockOn(SleepFor(1ms));
  (void)runtime_.BlockOn(SleepFor(5ms));
  server_->Stop();
  (void)runtime_.BlockOn(scope.Drained());
  EXPECT_EQ(idle, "");
  EXPECT_TRUE(busy.ends_with("Connection: close\r\n\r\n/wait:")) << busy;
  EXPECT_EQ(Ask("GET / HTTP/1.1\r\n\r\n"), "connect: Connection refused");
}

TEST_F(ServerTest, CloseEndsWhatDoesNotFinishInTime) {
  StartServer();
  Scope scope(runtime_.io());
  std::string slow = "?";
  scope.Spawn(AskInto(server_->port(), "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n", &slow));
  while (server_->connections() < 1) (void)runtime_.BlockOn(SleepFor(1ms));
  runtime_.BlockOn(server_->Close(5ms));
  EXPECT_EQ(server_->connections(), 0u);
  (void)runtime_.BlockOn(scope.Drained());
  EXPECT_EQ(slow, "");
}

TEST_F(ServerTest, SlowSendersMakeRoomForOthers) {
  StartServer({.max_connections = 4});
  Scope scope(runtime_.io());
  std::vector<std::string> stuck(8, "?");
  for (std::string& answer : stuck) scope.Spawn(AskInto(server_->port(), "GET / HT", &answer));
  while (server_->connections() < 4) (void)runtime_.BlockOn(SleepFor(1ms));
  const std::string answer = Ask("GET /ok HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(answer.ends_with("/ok:")) << answer;
  runtime_.BlockOn(server_->Close(0ms));
  (void)runtime_.BlockOn(scope.Drained());
}

TEST_F(ServerTest, T64AllRequestsTogetherHoldSoMuchAndNoMore) {
  StartServer({.max_body_bytes = 1'000'000, .max_total_bytes = 300'000});
  Scope scope(runtime_.io());
  std::vector<std::string> stuck(8, "?");
  const std::string unfinished = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" + std::string(100'000, 'x');
  for (std::string& answer : stuck) scope.Spawn(AskInto(server_->port(), unfinished, &answer));
  while (std::count(stuck.begin(), stuck.end(), "") < 5) (void)runtime_.BlockOn(SleepFor(1ms));  // the oldest were closed
  EXPECT_GE(server_->connections(), 2u);
  const std::string answer =
      Ask("POST /ok HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 150000\r\n\r\n" + std::string(150'000, 'y'));
  EXPECT_EQ(answer.substr(0, 15), "HTTP/1.1 200 OK");
  runtime_.BlockOn(server_->Close(0ms));
  (void)runtime_.BlockOn(scope.Drained());
}

TEST_F(ServerTest, StartSaysWhyNot) {
  StartServer();
  ServerOptions taken{.port = server_->port()};
  HttpServer second(runtime_.io(), taken, Echo);
  const base::Result<void> started = second.Start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().message, "listening on 127.0.0.1 port " + std::to_string(server_->port()) + ": Address already in use");
  HttpServer nowhere(runtime_.io(), {.address = "localhost"}, Echo);
  const base::Result<void> invalid = nowhere.Start();
  ASSERT_FALSE(invalid);
  EXPECT_EQ(invalid.error().message, "listening on \"localhost\": not an IP address");
}

}  // namespace
}  // namespace sluice::net
