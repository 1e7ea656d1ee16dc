// A list is walked in two modes. Outside the items every byte is looked at and kept in `rest_`. An item is only followed to its closing
// bracket; if it lies in one piece of the stream, the sink sees it there, without a copy, else its pieces gather in `item_`.
#include "kube/json_frames.h"

namespace sluice::kube {

namespace {

using base::Result;

constexpr std::size_t kMaxRest = 1u << 20;
constexpr std::size_t kMaxDepth = 512;

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

base::Error TooLarge(std::string_view what, std::size_t max) {
  return base::MakeError(base::Reason::TooLarge, std::string(what) + " of more than " + std::to_string(max) + " bytes from the API server");
}

base::Error NotAList() { return base::MakeError(base::Reason::Unavailable, "the API server's list is not a JSON object"); }

}  // namespace

Result<void> LineFrames::Feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    if (partial_.size() + piece.size() > max_bytes_) return TooLarge("a watch event", max_bytes_);
    if (end == std::string_view::npos) {
      partial_.append(piece);
      return {};
    }
    bytes.remove_prefix(end + 1);
    std::string_view line = piece;
    std::string gathered;
    if (!partial_.empty()) {
      gathered = std::move(partial_);
      partial_.clear();
      gathered.append(piece);
      line = gathered;
    }
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    TRY(sink_(line));
  }
  return {};
}

Result<void> ListFrames::Feed(std::string_view bytes) {
  while (!bytes.empty()) {
    TRY(const std::size_t used, state_ == State::Item ? InItem(bytes) : Outside(bytes));
    bytes.remove_prefix(used);
  }
  return {};
}

/// Consumes up to the first byte of an item.
Result<std::size_t> ListFrames::Outside(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const char c = bytes[at];
    if (in_items_ && !in_string_ && c != ']') {
      if (IsSpace(c) || c == ',') continue;
      if (c != '{') return NotAList();
      state_ = State::Item;
      depth_ = 0;
      return at;
    }
    TRY(OutsideByte(c));
  }
  return bytes.size();
}

Result<void> ListFrames::OutsideByte(char c) {
  if (state_ == State::Start) {
    if (IsSpace(c)) return {};
    if (c != '{') return NotAList();
    state_ = State::Outside;
  } else if (state_ == State::Done) {
    if (IsSpace(c)) return {};
    return NotAList();
  }
  if (rest_.size() >= kMaxRest) return TooLarge("a list head", kMaxRest);
  rest_ += c;
  if (in_string_) {
    if (!escaped_ && c == '"')
      in_string_ = false;
    else if (depth_ == 1 && key_.size() < 16)
      key_ += c;
    escaped_ = !escaped_ && c == '\\';
    return {};
  }
  switch (c) {
    case '"':
      in_string_ = true;
      if (depth_ == 1) key_.clear();
      break;
    case '{':
    case '[':
      if (++depth_ > kMaxDepth) return NotAList();
      in_items_ = c == '[' && depth_ == 2 && key_ == "items";
      break;
    case '}':
    case ']':
      in_items_ = false;
      if (--depth_ == 0) state_ = State::Done;
      break;
    default: break;
  }
  return {};
}

/// Consumes up to and including the item's last byte.
Result<std::size_t> ListFrames::InItem(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const char c = bytes[at];
    if (in_string_) {
      if (escaped_)
        escaped_ = false;
      else if (c == '\\')
        escaped_ = true;
      else if (c == '"')
        in_string_ = false;
      continue;
    }
    if (c == '"') in_string_ = true;
    if (c == '{' || c == '[') ++depth_;
    if ((c != '}' && c != ']') || --depth_ != 0) continue;
    const std::string_view piece = bytes.substr(0, at + 1);
    if (item_.size() + piece.size() > max_item_bytes_) return TooLarge("a list item", max_item_bytes_);
    std::string gathered = std::move(item_);
    item_.clear();
    if (!gathered.empty()) gathered.append(piece);
    state_ = State::Outside;
    depth_ = 2;
    ++count_;
    TRY(sink_(gathered.empty() ? piece : std::string_view(gathered)));
    return at + 1;
  }
  if (item_.size() + bytes.size() > max_item_bytes_) return TooLarge("a list item", max_item_bytes_);
  item_.append(bytes);
  return bytes.size();
}

}  // namespace sluice::kube
