// kube/json_frames.h: cuts the two streams of the Kubernetes API into single JSON texts while they arrive, so that a list of a thousand objects
// never sits in memory whole. Only brackets and quotes are followed here; each text is parsed, and judged, by document/. Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace sluice::kube {

/// Receives one JSON text; the view is valid during the call. An error ends the stream.
using FrameSink = std::function<base::Result<void>(std::string_view json)>;

/// A watch: texts divided by line breaks.
class LineFrames {
 public:
  LineFrames(std::size_t max_bytes, FrameSink sink) : max_bytes_(max_bytes), sink_(std::move(sink)) {}
  /// TooLarge: a line over `max_bytes`. Else what the sink returns.
  base::Result<void> Feed(std::string_view bytes);
  bool pending() const { return !partial_.empty(); }  ///< the stream ended inside a line: that line was never whole

 private:
  std::size_t max_bytes_;
  FrameSink sink_;
  std::string partial_;
};

/// A list: one object whose member "items" is an array. Each element goes to the sink; the rest is kept with "items" left empty.
class ListFrames {
 public:
  ListFrames(std::size_t max_item_bytes, FrameSink sink) : max_item_bytes_(max_item_bytes), sink_(std::move(sink)) {}
  /// TooLarge: an element over `max_item_bytes`, or more than 1 MiB beside the items. Invalid: no JSON object. Else what the sink returns.
  base::Result<void> Feed(std::string_view bytes);
  bool complete() const { return state_ == State::Done; }  ///< the closing bracket was there: the list was not cut short
  const std::string& rest() const { return rest_; }        ///< `{"kind":...,"metadata":{...},"items":[]}`
  std::size_t items() const { return count_; }

 private:
  enum class State { Start, Outside, Item, Done };
  base::Result<std::size_t> Outside(std::string_view bytes);
  base::Result<std::size_t> InItem(std::string_view bytes);
  base::Result<void> OutsideByte(char c);

  std::size_t max_item_bytes_;
  FrameSink sink_;
  State state_ = State::Start;
  std::string rest_, item_;
  std::string key_;  ///< the last string at depth 1
  std::size_t count_ = 0;
  std::size_t depth_ = 0;  ///< brackets open, within an item those of the item
  bool in_string_ = false, escaped_ = false;
  bool in_items_ = false;  ///< directly inside the array "items"
};

}  // namespace sluice::kube
