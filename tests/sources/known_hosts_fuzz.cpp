// Any text as known_hosts, asked for a host that the text itself names: no crash, and answers that fit each other.
#include <cstdint>
#include <cstdlib>

#include "sources/git/known_hosts.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::sources;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view host = text.substr(0, text.find_first_of(" ,\n"));
  const std::uint16_t port = size % 2 ? 22 : 2222;
  const std::string key("\0\0\0\x0bssh-ed25519\0\0\0\x01x", 20);
  const auto answer = CheckHostKey(text, host, port, "ssh-ed25519", key);
  const auto types = KeyTypesOf(text, host, port);
  if (answer.verdict == HostKeyVerdict::Trusted && types.empty()) std::abort();
  if ((answer.verdict == HostKeyVerdict::Unknown) != (answer.line == 0)) std::abort();
  (void)ValidateKnownHosts(text).has_value();
  return 0;
}
