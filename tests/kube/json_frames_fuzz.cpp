// However a stream is cut, the frames are the same; what a list that JSON accepts holds comes out whole: its items and its rest are those that a parser
// finds in the undivided text.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "document/json.h"
#include "kube/json_frames.h"

namespace {

using namespace sluice;  // NOLINT: a fuzz target

void Require(bool condition) {
  if (!condition) std::abort();
}

struct Fed {
  std::vector<std::string> frames;
  bool failed = false, complete = false;
  std::string rest;
};

template <class Frames>
Fed Feed(std::string_view text, std::size_t step) {
  Fed fed;
  const kube::FrameSink sink = [&fed](std::string_view frame) {
    fed.frames.emplace_back(frame);
    return base::Result<void>();
  };
  Frames frames(1u << 12, sink);
  for (std::size_t at = 0; at < text.size() && !fed.failed; at += step) fed.failed = !frames.Feed(text.substr(at, step));
  if constexpr (std::is_same_v<Frames, kube::ListFrames>) {
    fed.complete = frames.complete();
    fed.rest = frames.rest();
  }
  return fed;
}

/// The items of `text` as a parser sees them, if it is a list that we promise to read: one member "items", written plainly.
void CompareWithParser(std::string_view text, const Fed& fed) {
  const auto list = document::ParseJson(text);
  if (!list || !list->IsMapping() || fed.failed) return;
  Require(fed.complete);
  Require(document::ParseJson(fed.rest).has_value());
  for (const std::string& frame : fed.frames) Require(document::ParseJson(frame).has_value());
  const std::size_t first = text.find("items");
  if (text.find("items", first + 1) != std::string_view::npos || text.find('\\') != std::string_view::npos) return;
  const document::Value* items = list->Find("items");
  if (items == nullptr || !items->IsSequence()) return;
  Require(items->size() == fed.frames.size());
  for (std::size_t i = 0; i < fed.frames.size(); ++i) Require(*document::ParseJson(fed.frames[i]) == items->items()[i]);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::size_t step = 1 + data[0] % 31;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Fed whole = Feed<kube::ListFrames>(text, std::max<std::size_t>(text.size(), 1));
  const Fed pieces = Feed<kube::ListFrames>(text, step);
  Require(whole.failed == pieces.failed && whole.complete == pieces.complete);
  if (!whole.failed) Require(whole.frames == pieces.frames && whole.rest == pieces.rest);
  CompareWithParser(text, pieces);
  const Fed lines = Feed<kube::LineFrames>(text, std::max<std::size_t>(text.size(), 1));
  const Fed cut_lines = Feed<kube::LineFrames>(text, step);
  Require(lines.failed == cut_lines.failed && lines.frames == cut_lines.frames);
  return 0;
}
