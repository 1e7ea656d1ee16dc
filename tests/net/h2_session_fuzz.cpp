// Any bytes as what an HTTP/2 server says to a client with three requests under way: no crash, no leak, and every request ends.
#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <list>

#include "net/h2_session.h"

namespace {
using namespace sluice::net;

struct Running {
  Running(const Request& request, const Url& url, HttpClient::Counters& counters, const boost::asio::any_io_executor& executor)
      : answer(request, nullptr, counters, AnswerLimits().max_header_bytes), exchange(request, url, answer, executor) {}
  Answer answer;
  H2Exchange exchange;
};
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static boost::asio::io_context io(1);
  static const Url url = *ParseUrl("https://h/");
  static const Request get{.url = "https://h/", .max_response_bytes = 1000}, post{.method = "POST", .url = "https://h/", .body = "body"};
  HttpClient::Counters counters;
  std::list<Running> running;
  H2Session session("fuzz", AnswerLimits().max_header_bytes);
  for (const Request* request : {&get, &post, &get})
    session.Submit(running.emplace_back(*request, url, counters, io.get_executor()).exchange);
  std::string out;
  session.TakeOutput(out, 1 << 20);
  // The server's preface, so that the fuzzer need not find it: an empty SETTINGS frame.
  bool alive = session.Receive(std::string_view("\0\0\0\4\0\0\0\0\0", 9)).has_value();
  for (std::size_t at = 0; alive && at < size; at += 300) {  // in pieces, as a socket gives them
    const std::size_t piece = std::min<std::size_t>(300, size - at);
    alive = session.Receive(std::string_view(reinterpret_cast<const char*>(data) + at, piece)).has_value();
    out.clear();
    session.TakeOutput(out, 1 << 20);
  }
  session.Lose();
  for (const Running& each : running) {
    if (each.exchange.end == H2Exchange::End::Open) std::abort();
  }
  return 0;
}
