// net/h2_session.h: HTTP/2's client side over nghttp2: requests become bytes, bytes become answers. No sockets: the connection moves the
// bytes. Windows and HPACK are nghttp2's, as is the line of requests beyond what the peer takes at once. Private to net/.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "net/answer.h"
#include "net/url.h"
#include "net/waiter.h"

struct nghttp2_session;
struct nghttp2_session_callbacks;

namespace sluice::net {

/// One request and its answer on one stream. Lives in the frame of the task that waits; taken off the session before it goes.
struct H2Exchange {
  enum class End {
    Open,
    Complete,     ///< the whole answer is there
    Stopped,      ///< we ended it: the answer says why
    Unprocessed,  ///< the peer says, or we know, that it was never looked at: may be sent again
    Reset,        ///< the peer ended it: `error_code`
    Lost,         ///< the connection went
  };
  H2Exchange(const Request& r, const Url& u, Answer& a, const boost::asio::any_io_executor& executor)
      : request(r), url(u), answer(a), waiter(executor) {}

  const Request& request;
  const Url& url;
  Answer& answer;
  Waiter waiter;
  End end = End::Open;
  std::uint32_t error_code = 0;  ///< RFC 9113, section 7
  std::int32_t stream = 0;
  std::size_t body_sent = 0;
  bool headers_sent = false;
  bool ended_by_peer = false;  ///< END_STREAM was seen
};

class H2Session {
 public:
  /// The peer is told how large the headers of an answer may be; whoever takes the answer sees to it.
  H2Session(std::string user_agent, std::size_t max_header_bytes);
  ~H2Session();
  H2Session(const H2Session&) = delete;
  H2Session& operator=(const H2Session&) = delete;

  /// Puts the request in line. False: this connection takes no more.
  bool Submit(H2Exchange& exchange);
  /// Forgets the exchange; if it is still open the peer is told to stop.
  void Abandon(H2Exchange& exchange);
  /// Takes in what came. Unavailable: the peer broke the protocol, and the connection must end (after what TakeOutput gives).
  base::Result<void> Receive(std::string_view bytes);
  /// Appends what is to be sent to `out`, as far as windows allow, up to about `most` bytes.
  void TakeOutput(std::string& out, std::size_t most);
  void Ping();
  /// The connection is gone: whatever is open ends as Lost.
  void Lose();

  std::size_t active() const { return exchanges_.size(); }
  bool settled() const { return settled_; }  ///< the peer has said how it wants things; only then are its limits known
  std::size_t peer_max_streams() const;
  bool accepting() const { return !closing_; }           ///< false after GOAWAY, or when the stream numbers are used up
  std::string_view goodbye() const { return goodbye_; }  ///< the peer's last words (GOAWAY's debug data), printable, at most 200 bytes
  std::uint64_t bytes_out() const { return bytes_out_; }

 private:
  struct Callbacks;
  H2Exchange* Find(std::int32_t stream);
  void Finish(H2Exchange& exchange, H2Exchange::End end, std::uint32_t error_code);
  void Stop(H2Exchange& exchange);
  void StopUpload(H2Exchange& exchange);

  nghttp2_session* session_ = nullptr;
  const std::string user_agent_;
  std::unordered_map<std::int32_t, H2Exchange*> exchanges_;
  bool settled_ = false;
  bool closing_ = false;
  std::string goodbye_;
  std::uint64_t bytes_out_ = 0;
};

/// `PROTOCOL_ERROR`, `REFUSED_STREAM`, ...
std::string_view H2ErrorName(std::uint32_t code);

}  // namespace sluice::net
