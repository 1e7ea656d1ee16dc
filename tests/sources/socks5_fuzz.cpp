// Any bytes as the answers of a SOCKS 5 proxy: it ends, and nothing is read beyond what was sent.
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "sources/git/socks5.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  std::size_t taken = 0, sent = 0;
  const sources::Socks5Stream stream{.send = [&](std::string_view bytes) -> base::Result<void> {
                                       sent += bytes.size();
                                       return {};
                                     },
                                     .receive = [&](std::span<char> buffer) -> base::Result<void> {
                                       if (size - taken < buffer.size()) return base::MakeError(base::Reason::Unavailable, "cut off");
                                       std::memcpy(buffer.data(), data + taken, buffer.size());
                                       taken += buffer.size();
                                       return {};
                                     }};
  const auto done = sources::AskSocks5(stream, {.host = "host.example", .port = 22, .username = "user", .password = "canary"});
  if (!done && done.error().message.find("canary") != std::string::npos) std::abort();
  if (taken > 600 || sent > 600) std::abort();
  return 0;
}
