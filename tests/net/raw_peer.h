// tests/net/raw_peer.h: a client that sends bytes as they are and returns what comes, and a server that does the same.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "net/executor.h"

namespace sluice::net {

/// Connects to 127.0.0.1:`port`, sends `bytes`, reads to the end. `connect: <why>` if there is no connection. At most ten seconds.
Task<std::string> AskRaw(std::uint16_t port, std::string bytes);

/// Sends `answer` to whoever has sent an empty line, and closes.
class RawServer {
 public:
  RawServer(boost::asio::io_context& io, std::string answer);
  ~RawServer();
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;
  std::uint16_t port() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace sluice::net
