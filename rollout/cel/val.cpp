#include "rollout/cel/val.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "document/scalar.h"
#include "rollout/cel/convert.h"

namespace sluice::rollout::cel {
namespace {

Order OrderOf(int compared) { return compared < 0 ? Order::Less : compared > 0 ? Order::Greater : Order::Same; }

template <class T>
Order OrderOf(const T& left, const T& right) {
  return left < right ? Order::Less : right < left ? Order::Greater : Order::Same;
}

Order Reversed(Order order) { return order == Order::Less ? Order::Greater : order == Order::Greater ? Order::Less : order; }

Order CompareDoubleInt(double left, std::int64_t right) {
  if (left < -0x1p63) return Order::Less;
  if (left > 0x1p63) return Order::Greater;
  return OrderOf(left, static_cast<double>(right));
}

Order CompareDoubleUint(double left, std::uint64_t right) {
  if (left < 0) return Order::Less;
  if (left > 0x1p64) return Order::Greater;
  return OrderOf(left, static_cast<double>(right));
}

Order CompareIntUint(std::int64_t left, std::uint64_t right) {
  if (left < 0) return Order::Less;
  return OrderOf(static_cast<std::uint64_t>(left), right);
}

Order CompareNumbers(const Val& left, const Val& right) {
  if ((left.Is(Kind::Double) && std::isnan(left.AsDouble())) || (right.Is(Kind::Double) && std::isnan(right.AsDouble())))
    return Order::NotANumber;
  if (left.Is(Kind::Double)) {
    if (right.Is(Kind::Double)) return OrderOf(left.AsDouble(), right.AsDouble());
    return right.Is(Kind::Int) ? CompareDoubleInt(left.AsDouble(), right.AsInt()) : CompareDoubleUint(left.AsDouble(), right.AsUint());
  }
  if (right.Is(Kind::Double)) return Reversed(CompareNumbers(right, left));
  if (left.Is(Kind::Int)) {
    return right.Is(Kind::Int) ? OrderOf(left.AsInt(), right.AsInt()) : CompareIntUint(left.AsInt(), right.AsUint());
  }
  return right.Is(Kind::Uint) ? OrderOf(left.AsUint(), right.AsUint()) : Reversed(CompareIntUint(right.AsInt(), left.AsUint()));
}

bool EqualLists(const Val& left, const Val& right) {
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (!Equal(left.At(i), right.At(i))) return false;
  }
  return true;
}

bool EqualMaps(const Val& left, const Val& right) {
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    const auto [key, value] = left.EntryAt(i);
    Val other;
    if (!right.Find(key, &other) || !Equal(value, other)) return false;
  }
  return true;
}

}  // namespace

std::string_view TypeName(Kind kind) {
  switch (kind) {
    case Kind::Error: return "error";
    case Kind::Null: return "null_type";
    case Kind::Bool: return "bool";
    case Kind::Int: return "int";
    case Kind::Uint: return "uint";
    case Kind::Double: return "double";
    case Kind::String: return "string";
    case Kind::Bytes: return "bytes";
    case Kind::Timestamp: return "google.protobuf.Timestamp";
    case Kind::Duration: return "google.protobuf.Duration";
    case Kind::List: return "list";
    case Kind::Map: return "map";
    case Kind::Type: return "type";
    case Kind::Optional: break;
  }
  return "optional_type";
}

Val::Val(Kind kind, std::string text) : kind_(kind) {
  auto shared = std::make_shared<const std::string>(std::move(text));
  text_ = *shared;
  held_ = std::move(shared);
}

Val Val::Error(std::string message) { return Val(Kind::Error, std::move(message)); }
Val Val::String(std::string value) { return Val(Kind::String, std::move(value)); }
Val Val::Bytes(std::string value) { return Val(Kind::Bytes, std::move(value)); }
Val Val::Type(std::string name) { return Val(Kind::Type, std::move(name)); }

Val Val::Bool(bool value) {
  Val out(Kind::Bool);
  out.number_.flag = value;
  return out;
}

Val Val::Int(std::int64_t value) {
  Val out(Kind::Int);
  out.number_.integer = value;
  return out;
}

Val Val::Uint(std::uint64_t value) {
  Val out(Kind::Uint);
  out.number_.natural = value;
  return out;
}

Val Val::Double(double value) {
  Val out(Kind::Double);
  out.number_.real = value;
  return out;
}

Val Val::Timestamp(Instant value) {
  Val out(Kind::Timestamp);
  out.number_.instant = value;
  return out;
}

Val Val::Duration(std::int64_t nanos) {
  Val out(Kind::Duration);
  out.number_.integer = nanos;
  return out;
}

Val Val::Of(List list) {
  Val out(Kind::List);
  out.held_ = std::make_shared<List>(std::move(list));
  return out;
}

Val Val::Of(Entries entries) {
  Val out(Kind::Map);
  out.held_ = std::make_shared<Entries>(std::move(entries));
  return out;
}

Val Val::None() { return Val(Kind::Optional); }

Val Val::Some(Val value) {
  Val out(Kind::Optional);
  out.held_ = std::make_shared<Val>(std::move(value));
  return out;
}

Val Val::View(const document::Value& value) {
  switch (value.kind()) {
    case document::Kind::Null: return {};
    case document::Kind::Bool: return Bool(value.AsBool().value_or(false));
    case document::Kind::Int:
      if (const auto integer = value.AsInt()) return Int(*integer);
      [[fallthrough]];
    case document::Kind::Float: return Double(value.AsDouble().value_or(0));
    case document::Kind::Timestamp:
    case document::Kind::String: {
      Val out(Kind::String);
      out.text_ = value.text();
      return out;
    }
    case document::Kind::Sequence:
    case document::Kind::Mapping: break;
  }
  Val out(value.IsSequence() ? Kind::List : Kind::Map);
  out.node_ = &value;
  return out;
}

const Val& Val::value() const { return *static_cast<const Val*>(held_.get()); }

std::size_t Val::size() const {
  if (node_ != nullptr) return node_->size();
  if (held_ == nullptr) return 0;
  return kind_ == Kind::List ? static_cast<const List*>(held_.get())->size() : static_cast<const Entries*>(held_.get())->size();
}

Val Val::At(std::size_t index) const {
  return node_ != nullptr ? View(node_->items()[index]) : (*static_cast<const List*>(held_.get()))[index];
}

std::pair<Val, Val> Val::EntryAt(std::size_t index) const {
  if (node_ == nullptr) return (*static_cast<const Entries*>(held_.get()))[index];
  const document::Member& member = node_->members()[index];
  Val key(Kind::String);
  key.text_ = member.key;
  return {std::move(key), View(member.value)};
}

bool Val::Find(const Val& key, Val* found) const {
  if (node_ != nullptr) {
    const document::Value* value = key.Is(Kind::String) ? node_->Find(key.text()) : nullptr;
    if (value != nullptr && found != nullptr) *found = View(*value);
    return value != nullptr;
  }
  if (held_ == nullptr) return false;
  for (const auto& [name, value] : *static_cast<const Entries*>(held_.get())) {
    if (!Equal(name, key)) continue;
    if (found != nullptr) *found = value;
    return true;
  }
  return false;
}

void Val::Append(const Val& list) {
  if (node_ != nullptr || held_ == nullptr || held_.use_count() != 1) {
    List copy;
    copy.reserve(size() + list.size());
    for (std::size_t i = 0; i < size(); ++i) copy.push_back(At(i));
    *this = Of(std::move(copy));
  }
  List& items = *static_cast<List*>(const_cast<void*>(held_.get()));  // ours alone, and made as a List that is not const
  for (std::size_t i = 0; i < list.size(); ++i) items.push_back(list.At(i));
}

bool Equal(const Val& left, const Val& right) {
  if (left.IsNumber() && right.IsNumber()) return CompareNumbers(left, right) == Order::Same;
  if (left.kind() != right.kind()) return false;
  switch (left.kind()) {
    case Kind::List: return EqualLists(left, right);
    case Kind::Map: return EqualMaps(left, right);
    case Kind::Type: return left.text() == right.text();
    case Kind::Null: return true;
    case Kind::Optional:
      if (!left.has_value() || !right.has_value()) return left.has_value() == right.has_value();
      return Equal(left.value(), right.value());
    default: return Compare(left, right) == Order::Same;
  }
}

Order Compare(const Val& left, const Val& right) {
  if (left.IsNumber() && right.IsNumber()) return CompareNumbers(left, right);
  if (left.kind() != right.kind()) return Order::NotComparable;
  switch (left.kind()) {
    case Kind::Bool: return OrderOf(left.AsBool(), right.AsBool());
    case Kind::String:
    case Kind::Bytes: return OrderOf(left.text().compare(right.text()));
    case Kind::Duration: return OrderOf(left.AsInt(), right.AsInt());
    case Kind::Timestamp:
      return OrderOf(std::pair(left.AsTimestamp().seconds, left.AsTimestamp().nanos),
                     std::pair(right.AsTimestamp().seconds, right.AsTimestamp().nanos));
    default: return Order::NotComparable;
  }
}

std::string Printed(const Val& value) {
  switch (value.kind()) {
    case Kind::Null: return "null";
    case Kind::Bool: return value.AsBool() ? "true" : "false";
    case Kind::Int: return std::to_string(value.AsInt());
    case Kind::Uint: return std::to_string(value.AsUint());
    case Kind::Double: return FormatShortest(value.AsDouble());
    case Kind::Duration: return DurationText(value.AsInt());
    case Kind::Timestamp: return TimestampText(value.AsTimestamp());
    case Kind::Optional: return value.has_value() ? "optional(" + Printed(value.value()) + ")" : "optional.none()";
    case Kind::List: return "list of " + std::to_string(value.size());
    case Kind::Map: return "map of " + std::to_string(value.size());
    default: return std::string(value.text());
  }
}

}  // namespace sluice::rollout::cel
