// tests/net/faulty_proxy.h: a TCP proxy on loopback that stands before a real peer and brings bad luck on demand: cuts, resets, delays,
// stalls or garbles at byte n. The other of our two fakes beside ManualClock; what it forwards is real.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "base/result.h"
#include "net/executor.h"

namespace sluice::net {

enum class Direction { ToServer, ToClient };

struct Fault {
  enum class Kind {
    Cut,     ///< both sides see the end (FIN)
    Reset,   ///< both sides see a reset (RST)
    Delay,   ///< for `delay`, then as if nothing had been
    Stall,   ///< from then on nothing passes in that direction, and nobody is told
    Garble,  ///< that one byte is inverted
  };
  Kind kind = Kind::Cut;
  Direction direction = Direction::ToClient;
  std::uint64_t at_byte = 0;  ///< so many bytes of that direction pass unharmed (a connection's, from its start)
  std::chrono::milliseconds delay{0};
};

class FaultyProxy {
 public:
  /// Forwards to 127.0.0.1:`target`. Runs on `io`, beside what it serves.
  FaultyProxy(boost::asio::io_context& io, std::uint16_t target);
  ~FaultyProxy();
  FaultyProxy(const FaultyProxy&) = delete;
  FaultyProxy& operator=(const FaultyProxy&) = delete;

  std::uint16_t port() const;
  /// For the next connection that is made, once. Several for one connection: call it several times before.
  void Next(Fault fault);
  /// For every connection made from now on, until Heal.
  void Always(Fault fault);
  void Heal();
  /// For all connections there are, now: `at_byte` counts from here.
  void Now(Fault fault);
  /// false: new connections are refused (closed at once) until true again.
  void Accept(bool accept);

  struct Counters {
    std::uint64_t connections = 0;  ///< accepted so far
    std::uint64_t open = 0;
    std::uint64_t to_server = 0, to_client = 0;  ///< bytes that passed
  };
  Counters counters() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace sluice::net
