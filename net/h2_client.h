// net/h2_client.h: which connection a request goes over, and what its end means. Private to net/.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "net/exchange.h"
#include "net/h2_connection.h"

namespace sluice::net {

class H2Client {
 public:
  /// `io` and `counters` outlive the client, and it its exchanges.
  H2Client(boost::asio::io_context& io, std::shared_ptr<const ClientOptions> options, HttpClient::Counters& counters);
  ~H2Client();
  H2Client(const H2Client&) = delete;
  H2Client& operator=(const H2Client&) = delete;

  /// Can this go over HTTP/2, as far as is known?
  bool Carries(const Url& url) const;
  /// nullopt: the origin turned out to speak only HTTP/1.1, and nothing was sent.
  Task<std::optional<base::Result<Response>>> Perform(const Exchange& exchange);
  /// Ends all, with Canceled.
  void Close();
  std::size_t active() const;

 private:
  using Connections = std::vector<std::shared_ptr<H2Connection>>;
  using Context = std::optional<base::Result<std::shared_ptr<boost::asio::ssl::context>>>;

  Task<base::Result<std::shared_ptr<H2Connection>>> Connect(const Exchange& exchange);
  base::Result<std::shared_ptr<H2Connection>> Pick(const Exchange& exchange);
  base::Result<std::shared_ptr<H2Connection>> Open(const Exchange& exchange);
  std::size_t Capacity(const H2Connection& connection) const;
  base::Result<Response> Conclude(const Exchange& exchange, const H2Exchange& h2, Answer& answer, const H2Connection& connection) const;

  boost::asio::io_context& io_;
  const std::shared_ptr<const ClientOptions> options_;
  HttpClient::Counters& counters_;
  Context contexts_[2];  ///< without and with the client certificate; made when first needed
  std::unordered_map<std::string, Connections> connections_;
  std::unordered_set<std::string> http1_origins_;
  bool closed_ = false;
};

}  // namespace sluice::net
