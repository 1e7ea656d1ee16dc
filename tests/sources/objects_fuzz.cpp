// Any bytes as Git's objects and packets: no crash, and what is taken keeps its promises.
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "sources/git/objects.h"
#include "sources/git/pkt_line.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::sources;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto tree = Tree::Parse(std::string(text)))
    for (const TreeEntry& entry : (*tree)->entries())
      if ((*tree)->Find(entry.name) != &entry || entry.name.empty() || entry.name.find('/') != std::string_view::npos) std::abort();
  (void)ParseCommit("id", text).has_value();
  (void)ParseTag("id", text).has_value();
  std::size_t at = 0;
  PktReader reader([&](std::span<char> buffer) -> sluice::base::Result<std::size_t> {
    const std::size_t count = std::min<std::size_t>({buffer.size(), size - at, 7});
    std::memcpy(buffer.data(), text.data() + at, count);
    at += count;
    return count;
  });
  for (auto pkt = reader.Read(); pkt && pkt->kind != PktKind::End; pkt = reader.Read()) {
  }
  return 0;
}
