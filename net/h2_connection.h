// net/h2_connection.h: one TLS connection to one origin: name, TCP, handshake, then an H2Session's bytes in both directions, with pings when
// it is quiet. Never reconnects: whoever needs another makes another. Private to net/.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "net/h2_session.h"
#include "net/tls.h"

namespace sluice::net {

class H2Connection : public std::enable_shared_from_this<H2Connection> {
 public:
  enum class State {
    Connecting,
    Open,
    Http1,   ///< the peer speaks only HTTP/1.1; closed
    Closed,  ///< `error` says why
  };
  struct Target {
    std::string host;
    std::uint16_t port = 443;
    std::string server_name;  ///< for SNI and verification
  };

  H2Connection(boost::asio::io_context& io, std::shared_ptr<boost::asio::ssl::context> tls, std::shared_ptr<const ClientOptions> options,
               Target target);
  H2Connection(const H2Connection&) = delete;
  H2Connection& operator=(const H2Connection&) = delete;

  /// Starts to connect; within `options.connect_timeout` it is Open, Http1 or Closed.
  void Start();
  /// Waits for that, at most until `deadline`.
  Task<Wake> Connected(SteadyTime deadline);
  State state() const { return state_; }
  const base::Error& error() const { return *error_; }

  /// Only when Open. False: takes no more requests.
  bool Submit(H2Exchange& exchange);
  void Abandon(H2Exchange& exchange);
  /// Open or connecting, and neither side has said goodbye.
  bool usable() const { return state_ == State::Connecting || (state_ == State::Open && session_.accepting()); }
  bool answered() const { return answered_; }  ///< has sent something since it was made: then it may be a kept one gone stale
  std::size_t active() const { return session_.active(); }
  std::size_t peer_max_streams() const { return session_.peer_max_streams(); }
  std::string_view goodbye() const { return session_.goodbye(); }
  std::uint64_t TakeBytesOut();  ///< sent since last asked
  void Close(base::Error why);

 private:
  static Task<void> Run(std::shared_ptr<H2Connection> self);
  Task<bool> Connect();
  Task<bool> Resolve(std::vector<boost::asio::ip::tcp::endpoint>* endpoints);
  Task<bool> ConnectTo(const std::vector<boost::asio::ip::tcp::endpoint>& endpoints);
  void LimitAttempt(boost::asio::steady_timer& timer);
  Task<bool> Handshake();
  Task<void> Read();
  bool alive() const { return state_ == State::Connecting || state_ == State::Open; }
  void OnSettled();
  void Fail(const boost::system::error_code& error);
  void FailSoon(const boost::system::error_code& error);
  void Flush();
  void Write();
  void FlushSoon();
  void Watch();
  void OnQuiet();
  void SetSocketOptions();

  const std::shared_ptr<const ClientOptions> options_;
  const Target target_;
  boost::asio::io_context& io_;
  std::shared_ptr<boost::asio::ssl::context> tls_;
  boost::asio::ip::tcp::resolver resolver_;
  TlsStream stream_;
  H2Session session_;
  State state_ = State::Connecting;
  std::optional<base::Error> error_;
  WaitQueue connected_;
  boost::asio::steady_timer limit_;  ///< first for connecting, then for silence
  std::uint64_t attempt_ = 0;        ///< connection attempts that are over
  std::string in_, out_;
  bool writing_ = false;
  bool flush_due_ = false;
  bool answered_ = false;
  std::optional<SteadyTime> pinged_;  ///< a ping is out since
  SteadyTime quiet_since_;            ///< the last byte, or the first request after none
  SteadyTime last_used_;
  std::uint64_t bytes_out_told_ = 0;
};

}  // namespace sluice::net
