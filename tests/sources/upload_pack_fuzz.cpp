// Any bytes as what a host says, in either version of the protocol: the conversation ends, with an answer or an error within its limits.
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "sources/git/upload_pack.h"

namespace {

using namespace sluice;
using namespace sluice::sources;

/// Says what it was given, in pieces; a request starts no new answer but goes on in the same text.
class Echo final : public Transport {
 public:
  explicit Echo(std::string_view text) : text_(text) {}
  base::Result<void> Advertise() override { return {}; }
  base::Result<void> Request(std::string_view) override { return {}; }
  base::Result<std::size_t> Read(std::span<char> buffer) override {
    const std::size_t count = std::min<std::size_t>({buffer.size(), text_.size(), 61});
    std::memcpy(buffer.data(), text_.data(), count);
    text_.remove_prefix(count);
    return count;
  }
  bool stateless() const override { return false; }

 private:
  std::string_view text_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const GitUrl url = ParseGitUrl("https://host/app.git").value();
  static const Credentials credentials;
  static const GitClientOptions options;
  static SharedResources shared;
  const Waiter waiter(GitCall{.timeout = std::chrono::minutes(5)});
  const TransportContext context{url, credentials, options, waiter, shared};
  Echo transport({reinterpret_cast<const char*>(data), size});
  UploadPack host(transport, context);
  if (!host.Connect(100)) return 0;
  const auto refs = host.List({.prefixes = {"refs/heads/"}, .max_refs = 100, .enough = 5});
  if (refs && refs->size() > 100) std::abort();
  if (refs)
    for (const RemoteRef& ref : *refs)
      if (ref.object.size() != 40 || (!ref.peeled.empty() && ref.peeled.size() != 40)) std::abort();
  std::size_t bytes = 0;
  const auto packed = host.Pack({.wants = {std::string(40, '1')}, .haves = {std::string(40, '2')}, .commits_only = host.can_filter()},
                                [&](std::string_view piece) -> base::Result<void> {
                                  bytes += piece.size();
                                  return {};
                                });
  if (bytes > size) std::abort();
  if (!packed && !packed.error().message.starts_with(url.text)) std::abort();
  return 0;
}
