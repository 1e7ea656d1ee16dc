// What a captured build says to the controller: frames, each a byte of type, two of length (little endian) and bytes. The first byte of all says whether the
// Kustomization decrypts (1), and whether it may fetch (2). Whatever is said, what is taken in the end has a name and the labels of its owner.
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "base/files.h"
#include "controller/kustomization/build_protocol.h"
#include "document/object.h"
#include "rollout/annotations.h"

using namespace sluice;
using controller::kustomization::BuildHost;
using controller::kustomization::BuildInput;
using controller::kustomization::Spec;

namespace {

/// One repository and one file, whatever is asked for.
class Shelf final : public kustomize::RemoteResolver {
 public:
  base::Result<std::shared_ptr<const base::Files>> FetchTree(const kustomize::GitUrl& url) override {
    if (url.repository.empty()) return base::NotFound("no repository");
    return std::shared_ptr<const base::Files>(base::MemoryFiles({{"apps/c.yaml", "text"}}));
  }
  base::Result<std::string> FetchFile(std::string_view url) override { return std::string(url); }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  static const auto files = base::MemoryFiles({{"apps/a.yaml", "text"}, {"b.yaml", "more"}});
  Spec spec;
  if ((rest.front() & 1) != 0) spec.decryption.emplace();
  Shelf shelf;
  kustomize::RemoteResolver* remote = (rest.front() & 2) != 0 ? &shelf : nullptr;
  rest.remove_prefix(1);
  const BuildInput input{.files = *files, .spec = spec, .name = "apps", .ns = "flux", .remote = remote};
  BuildHost host(input, *files, {.max_questions = 100, .max_answered_bytes = 4096, .max_objects_bytes = 64u << 10, .max_values = 4096});
  while (rest.size() >= 3 && !host.outcome()) {
    const std::size_t length = static_cast<unsigned char>(rest[1]) + 256u * static_cast<unsigned char>(rest[2]);
    const isolation::Frame frame{.type = static_cast<std::uint8_t>(rest[0]), .bytes = std::string(rest.substr(3, length))};
    rest.remove_prefix(std::min(rest.size(), 3 + length));
    if (!host.Hear(frame)) return 0;
  }
  if (!host.outcome() || !*host.outcome()) return 0;
  for (const document::Value& object : (*host.outcome())->objects) {
    const std::string label = std::string(rollout::kKustomizePrefix) + "/name";
    if (document::NameOf(object).empty() || document::LabelOf(object, label) != "apps") std::abort();
  }
  return 0;
}
