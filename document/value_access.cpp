// Reading and changing a tree: numbers out of text, members by key, and equality as data.
#include <algorithm>
#include <cmath>
#include <utility>

#include "document/member_index.h"
#include "document/scalar.h"
#include "document/value.h"

namespace sluice::document {

namespace {

bool SameKey(std::string_view left, std::string_view right) { return left.size() == right.size() && left == right; }

// 2^63 and 2^64 are exact doubles; what lies below fits.
constexpr double kInt64End = 9223372036854775808.0;
constexpr double kUint64End = 18446744073709551616.0;

}  // namespace

std::optional<bool> Value::AsBool() const {
  if (kind_ != Kind::Bool) return std::nullopt;
  return IsTrueWord(text());
}

std::optional<std::int64_t> Value::AsInt() const {
  if (kind_ == Kind::Int) {
    if (const auto integer = ParseInteger(text())) return integer->AsInt64();
    return std::nullopt;
  }
  const auto number = AsDouble();
  if (!number || std::trunc(*number) != *number || *number < -kInt64End || *number >= kInt64End) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

std::optional<std::uint64_t> Value::AsUint() const {
  if (kind_ == Kind::Int) {
    if (const auto integer = ParseInteger(text())) return integer->AsUint64();
    return std::nullopt;
  }
  const auto number = AsDouble();
  if (!number || std::trunc(*number) != *number || *number < 0 || *number >= kUint64End) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

std::optional<double> Value::AsDouble() const {
  if (kind_ == Kind::Float) return ParseFloat(text());
  if (kind_ != Kind::Int) return std::nullopt;
  if (const auto integer = ParseInteger(text())) {
    const auto magnitude = static_cast<double>(integer->magnitude);
    return integer->negative ? -magnitude : magnitude;
  }
  return ParseFloat(text());
}

std::optional<std::string_view> Value::AsString() const {
  if (kind_ != Kind::String) return std::nullopt;
  return text();
}

std::span<const Value> Value::items() const {
  if (kind_ != Kind::Sequence) return {};
  return data().items;
}

std::vector<Value>& Value::mutable_items() { return data().items; }

void Value::Append(Value value) {
  if (kind_ != Kind::Sequence) *this = Sequence();
  mutable_items().push_back(std::move(value));
}

std::span<const Member> Value::members() const {
  if (kind_ != Kind::Mapping) return {};
  return data().members;
}

std::vector<Member>& Value::mutable_members() { return data().members; }

const Value* Value::Find(std::string_view key) const {
  for (const Member& member : members())
    if (SameKey(member.key, key)) return &member.value;
  return nullptr;
}

Value* Value::Find(std::string_view key) { return const_cast<Value*>(std::as_const(*this).Find(key)); }

const Value* Value::At(std::initializer_list<std::string_view> path) const {
  const Value* node = this;
  for (const std::string_view key : path) {
    node = node->Find(key);
    if (node == nullptr) return nullptr;
  }
  return node;
}

Value* Value::At(std::initializer_list<std::string_view> path) { return const_cast<Value*>(std::as_const(*this).At(path)); }

std::string_view Value::StringAt(std::initializer_list<std::string_view> path) const {
  const Value* node = At(path);
  return node != nullptr && node->IsString() ? node->text() : std::string_view();
}

void Value::BecomeMapping() {
  if (kind_ == Kind::Mapping) return;
  Value mapping = Mapping();
  mapping.set_mark(mark());
  *this = std::move(mapping);
}

Value& Value::Set(std::string_view key, Value value) { return (*this)[key] = std::move(value); }

Value& Value::operator[](std::string_view key) {
  BecomeMapping();
  if (Value* found = Find(key)) return *found;
  return mutable_members().emplace_back(Member{.key = std::string(key), .value = {}}).value;
}

bool Value::Erase(std::string_view key) {
  if (kind_ != Kind::Mapping) return false;
  auto& all = mutable_members();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Member& member) { return SameKey(member.key, key); });
  if (found == all.end()) return false;
  all.erase(found);
  return true;
}

std::size_t Value::size() const {
  if (kind_ == Kind::Sequence) return data().items.size();
  if (kind_ == Kind::Mapping) return data().members.size();
  return 0;
}

namespace {

bool SameNumber(const Value& left, const Value& right) {
  if (left.kind() == right.kind() && left.text() == right.text()) return true;
  if (left.IsInt() && right.IsInt()) {
    const auto a = ParseInteger(left.text()), b = ParseInteger(right.text());
    if (a && b) return *a == *b;
  }
  const auto a = left.AsDouble(), b = right.AsDouble();
  return a && b && (*a == *b || (std::isnan(*a) && std::isnan(*b)));
}

/// Most maps that are compared have the same order, so the same position is tried first.
bool SameMapping(std::span<const Member> left, std::span<const Member> right) {
  if (left.size() != right.size()) return false;
  std::optional<MemberIndex> index;
  for (std::size_t i = 0; i < left.size(); ++i) {
    const Value* other = &right[i].value;
    if (!SameKey(right[i].key, left[i].key)) {
      if (!index) index.emplace(right);
      other = index->Find(left[i].key);
    }
    if (other == nullptr || !(left[i].value == *other)) return false;
  }
  return true;
}

}  // namespace

bool operator==(const Value& left, const Value& right) {
  if (left.IsNumber() && right.IsNumber()) return SameNumber(left, right);
  if (left.kind() != right.kind()) return false;
  switch (left.kind()) {
    case Kind::Null: return true;
    case Kind::Bool: return left.AsBool() == right.AsBool();
    case Kind::Timestamp: return CanonicalTimestamp(left.text()) == CanonicalTimestamp(right.text());
    case Kind::Sequence: return std::ranges::equal(left.items(), right.items());
    case Kind::Mapping: return SameMapping(left.members(), right.members());
    default: return left.text() == right.text();
  }
}

}  // namespace sluice::document
