// The node's memory: which member of the payload lives, and how trees are copied, moved and destroyed.
#include "document/value.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <utility>

#include "document/scalar.h"

namespace sluice::document {

/// A tag and the payload it pushed out of the node.
struct Value::Tagged {
  std::string tag;
  Payload payload;
};

namespace {

// Below this depth a tree is destroyed by recursion, which is fastest; what lies deeper goes through a list, so that a tree of any
// depth fits any stack.
constexpr int kRecursionLimit = 128;

}  // namespace

const Value::Payload& Value::data() const { return (flags_ & kBoxed) != 0 ? payload_.tagged->payload : payload_; }
Value::Payload& Value::data() { return (flags_ & kBoxed) != 0 ? payload_.tagged->payload : payload_; }

void Value::SetText(std::string_view text) {
  Payload& payload = data();
  flags_ &= kBoxed;
  if (text.size() <= kInlineText) {
    if (!text.empty()) std::memcpy(payload.text, text.data(), text.size());
    flags_ = static_cast<std::uint8_t>(flags_ | text.size());
    return;
  }
  payload.heap.data = new char[text.size()];
  payload.heap.size = text.size();
  std::memcpy(payload.heap.data, text.data(), text.size());
  flags_ |= kOnHeap;
}

Value::Value(bool value) : kind_(Kind::Bool) { SetText(value ? "true" : "false"); }
Value::Value(std::int64_t value) : kind_(Kind::Int) { SetText(NumberText(value).view()); }
Value::Value(std::uint64_t value) : kind_(Kind::Int) { SetText(NumberText(value).view()); }
Value::Value(double value) : kind_(Kind::Float) { SetText(GoYamlFloat(value)); }
Value::Value(std::string_view value) : kind_(Kind::String) { SetText(value); }

Value Value::Sequence(std::vector<Value> items) {
  Value out;
  out.kind_ = Kind::Sequence;
  new (&out.payload_.items) std::vector<Value>(std::move(items));
  return out;
}

Value Value::Mapping() { return Mapping({}); }

Value Value::Mapping(std::vector<Member> members) {
  Value out;
  out.kind_ = Kind::Mapping;
  new (&out.payload_.members) std::vector<Member>(std::move(members));
  return out;
}

Value Value::Scalar(Kind kind, std::string_view text, Style style) {
  Value out;
  out.kind_ = kind;
  out.style_ = style;
  out.SetText(text);
  return out;
}

void Value::CopyFrom(const Value& other) {
  kind_ = other.kind_;
  style_ = other.style_;
  column_ = other.column_;
  line_ = other.line_;
  flags_ = 0;
  if ((other.flags_ & kBoxed) != 0) {
    payload_.tagged = new Tagged{other.payload_.tagged->tag, {}};
    flags_ = kBoxed;
  }
  if (kind_ == Kind::Sequence) {
    new (&data().items) std::vector<Value>(other.data().items);
  } else if (kind_ == Kind::Mapping) {
    new (&data().members) std::vector<Member>(other.data().members);
  } else {
    SetText(other.text());
  }
}

void Value::StealFrom(Value& other) noexcept {
  // The header and every member of the payload can be moved as bytes: a vector holds pointers, none of them to itself.
  std::memcpy(static_cast<void*>(this), static_cast<const void*>(&other), sizeof(Value));
  other.kind_ = Kind::Null;
  other.flags_ = 0;
}

Value::Value(const Value& other) { CopyFrom(other); }
Value::Value(Value&& other) noexcept { StealFrom(other); }

Value& Value::operator=(const Value& other) {
  Value copy(other);
  return *this = std::move(copy);
}

Value& Value::operator=(Value&& other) noexcept {
  if (this == &other) return *this;
  Value taken(std::move(other));  // `other` may be a child of this node
  if (HoldsMemory()) Destroy();
  StealFrom(taken);
  return *this;
}

Value::~Value() {
  if (HoldsMemory()) Destroy();
}

void Value::Destroy(int depth) noexcept {
  const std::unique_ptr<Tagged> box((flags_ & kBoxed) != 0 ? payload_.tagged : nullptr);
  Payload& payload = data();
  if (kind_ == Kind::Sequence) {
    DestroyChildren(depth);
    std::destroy_at(&payload.items);
  } else if (kind_ == Kind::Mapping) {
    DestroyChildren(depth);
    std::destroy_at(&payload.members);
  } else if ((flags_ & kOnHeap) != 0) {
    delete[] payload.heap.data;
  }
  kind_ = Kind::Null;
  flags_ = 0;
}

namespace {

// Where there is no memory for the list, the child stays where it is and ends with what holds it.
void KeepForLater(std::vector<Value>& pending, Value& child) noexcept {
  try {
    pending.push_back(std::move(child));
  } catch (const std::bad_alloc&) {
  }
}

}  // namespace

void Value::DestroyChildren(int depth) noexcept {
  std::vector<Value> pending;
  const auto destroy = [&](Value& child) {
    if (!child.HoldsMemory()) return;
    if (depth < kRecursionLimit || child.empty()) return child.Destroy(depth + 1);
    KeepForLater(pending, child);
  };
  if (kind_ == Kind::Sequence) {
    for (Value& item : data().items) destroy(item);
  } else {
    for (Member& member : data().members) destroy(member.value);
  }
  if (!pending.empty()) DestroyFlat(pending);
}

void Value::DestroyFlat(std::vector<Value>& pending) noexcept {
  while (!pending.empty()) {
    Value node = std::move(pending.back());
    pending.pop_back();
    if (node.IsSequence()) {
      for (Value& item : node.data().items)
        if (!item.empty()) KeepForLater(pending, item);
    } else if (node.IsMapping()) {
      for (Member& member : node.data().members)
        if (!member.value.empty()) KeepForLater(pending, member.value);
    }
  }
}

void Value::set_mark(Mark mark) {
  line_ = mark.line;
  column_ = static_cast<std::uint16_t>(std::min<std::uint32_t>(mark.column, std::numeric_limits<std::uint16_t>::max()));
}

std::string_view Value::tag() const { return (flags_ & kBoxed) != 0 ? std::string_view(payload_.tagged->tag) : std::string_view(); }

void Value::set_tag(std::string tag) {
  if ((flags_ & kBoxed) != 0) {
    payload_.tagged->tag = std::move(tag);
    return;
  }
  if (tag.empty()) return;
  auto* box = new Tagged{std::move(tag), {}};
  Value bare(std::move(*this));
  kind_ = bare.kind_;
  flags_ = bare.flags_ | kBoxed;
  if (kind_ == Kind::Sequence) {
    new (&box->payload.items) std::vector<Value>(std::move(bare.payload_.items));
  } else if (kind_ == Kind::Mapping) {
    new (&box->payload.members) std::vector<Member>(std::move(bare.payload_.members));
  } else {
    std::memcpy(box->payload.text, bare.payload_.text, sizeof(box->payload.text));
    bare.kind_ = Kind::Null;
    bare.flags_ = 0;
  }
  payload_.tagged = box;
}

std::string_view Value::text() const {
  if (kind_ >= Kind::Sequence) return {};
  const Payload& payload = data();
  if ((flags_ & kOnHeap) != 0) return {payload.heap.data, payload.heap.size};
  return {payload.text, static_cast<std::size_t>(flags_ & kSizeMask)};
}

}  // namespace sluice::document
