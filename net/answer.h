// net/answer.h: the answer to a request as it comes in, whatever carries it: limits, the body's way to buffer or sink, and the words for
// what went wrong. Private to net/.
#pragma once

#include <exception>
#include <optional>
#include <string>

#include "net/executor.h"
#include "net/http.h"

namespace sluice::net {

/// `GET https://host/path`, without query and userinfo: how messages begin.
std::string Describe(const Request& request);
/// `error`, described.
base::Error Failed(const Request& request, base::Error error);
base::Error Failed(const Request& request, base::Reason reason, std::string_view what);
/// Invalid: an empty or malformed method, or a header whose name is no token or whose value would break the line.
base::Result<void> CheckRequest(const Request& request);
/// May it be sent again when its fate is unknown? Not POST and PATCH: sent twice, these may act twice.
bool IsRepeatable(const Request& request);
bool HasBody(const Request& request);

class Answer {
 public:
  /// All outlive the answer. `sink` may be null: then every body is buffered.
  Answer(const Request& request, const BodySink* sink, HttpClient::Counters& counters, std::size_t max_header_bytes);

  // Each returns false to end the exchange; then `stopped` says why.
  bool OnStatus(int status);                                     ///< one of 1xx is followed by another: its headers are forgotten
  bool OnHeader(std::string_view name, std::string_view value);  ///< after the headers' end: a trailer, dropped
  bool OnHeadersEnd();
  bool OnBody(std::string_view data);

  void Touch() { last_byte_ = std::chrono::steady_clock::now(); }  ///< a byte moved, in either direction
  /// When idle_timeout will have passed, unless bytes move until then; SteadyTime::max() without one.
  SteadyTime idle_deadline() const;
  bool begun() const { return response_.status != 0; }
  bool complete_headers() const { return headers_ended_; }
  const std::optional<base::Error>& stopped() const { return stopped_; }
  void RethrowBug() const {  ///< what the sink threw, once no C library is between us and the caller
    if (bug_) std::rethrow_exception(bug_);
  }
  Response Take(bool http2);

 private:
  bool Stop(base::Reason reason, std::string_view what);
  bool ToSink(std::string_view data);

  const Request& request_;
  const BodySink* sink_;
  HttpClient::Counters& counters_;
  const std::size_t max_header_bytes_;
  Response response_;
  std::size_t header_bytes_ = 0;
  bool headers_ended_ = false;  ///< of the final answer
  std::optional<base::Error> stopped_;
  std::exception_ptr bug_;
  SteadyTime last_byte_;
};

class Waiter;
/// Waits for an exchange: nullopt when it has ended by itself, else why it is to be ended: Timeout (at `deadline`, or idle) or Canceled.
Task<std::optional<base::Error>> AwaitEnd(Waiter& waiter, const Answer& answer, const Request& request, SteadyTime deadline);
base::Error NoAnswer(const Request& request);  ///< Timeout: `no answer within 30s`

}  // namespace sluice::net
