// Lists. None is changed in place: every function makes a new []interface{}, except `slice`, which keeps the type.
#include <algorithm>

#include <cmath>
#include "helm/functions/json.h"

#include "helm/functions/registry.h"

namespace sluice::helm {

namespace {

using base::Error;
using base::Invalid;
using base::Result;

constexpr std::string_view kNilPanic = "runtime error: invalid memory address or nil pointer dereference";

/// Why `value` is no list: `what` is sprig's message up to the kind.
Error NotAList(std::string_view what, const Value& value, std::string_view behind = "") {
  if (value.IsNil()) return Invalid(std::string(kNilPanic));
  return Invalid(std::string(what) + KindName(value).append(behind));
}

std::vector<Value> Elements(const Value& list) {
  if (list.IsList()) return list.list()->items;
  std::vector<Value> out;
  for (std::size_t i = 0; i < LengthOf(list); ++i) out.push_back(ElementOf(list, i));
  return out;
}

Result<Value> NewList(std::vector<Value> items) {
  if (items.size() > kMaxValueNodes) return ValueTooLarge();
  return Value::NewList(std::move(items));
}

bool Contains(std::span<const Value> list, const Value& wanted) {
  return std::ranges::any_of(list, [&](const Value& value) { return DeepEqual(wanted, value); });
}

Result<Value> First(Arguments a) {
  if (!IsSlice(a[0])) return NotAList("Cannot find first on type ", a[0]);
  return LengthOf(a[0]) == 0 ? Value::Nil() : ElementOf(a[0], 0);
}

Result<Value> Last(Arguments a) {
  if (!IsSlice(a[0])) return NotAList("Cannot find last on type ", a[0]);
  const std::size_t size = LengthOf(a[0]);
  return size == 0 ? Value::Nil() : ElementOf(a[0], size - 1);
}

Result<Value> Rest(Arguments a) {
  if (!IsSlice(a[0])) return NotAList("Cannot find rest on type ", a[0]);
  std::vector<Value> items = Elements(a[0]);
  if (items.empty()) return Value::NilList();
  items.erase(items.begin());
  return Value::NewList(std::move(items));
}

Result<Value> Initial(Arguments a) {
  if (!IsSlice(a[0])) return NotAList("Cannot find initial on type ", a[0]);
  std::vector<Value> items = Elements(a[0]);
  if (items.empty()) return Value::NilList();
  items.pop_back();
  return Value::NewList(std::move(items));
}

Result<Value> Push(Arguments a) {
  if (!IsSlice(a[0])) return NotAList("Cannot push on type ", a[0]);
  std::vector<Value> items;
  items.reserve(LengthOf(a[0]) + 1);
  for (std::size_t i = 0; i < LengthOf(a[0]); ++i) items.push_back(ElementOf(a[0], i));
  items.push_back(a[1]);
  return NewList(std::move(items));
}

Result<Value> Prepend(Arguments a) {
  if (!IsSlice(a[0])) return NotAList("Cannot prepend on type ", a[0]);
  std::vector<Value> items{a[1]};
  for (std::size_t i = 0; i < LengthOf(a[0]); ++i) items.push_back(ElementOf(a[0], i));
  return NewList(std::move(items));
}

Result<Value> Reverse(Arguments a) {
  if (!IsSlice(a[0])) return NotAList("Cannot find reverse on type ", a[0]);
  std::vector<Value> items = Elements(a[0]);
  std::ranges::reverse(items);
  return Value::NewList(std::move(items));
}

Result<Value> Compact(Arguments a) {
  if (!IsSlice(a[0])) return NotAList("Cannot compact on type ", a[0]);
  std::vector<Value> items = Elements(a[0]);
  std::erase_if(items, IsEmpty);
  return Value::NewList(std::move(items));
}

/// So many comparisons a call may make; more than that is no chart's list.
constexpr std::size_t kMaxComparisons = 50'000'000;

Result<Value> Uniq(Arguments a) {
  if (!IsSlice(a[0])) return NotAList("Cannot find uniq on type ", a[0]);
  std::vector<Value> items;
  std::size_t comparisons = 0;
  for (std::size_t i = 0; i < LengthOf(a[0]); ++i) {
    if ((comparisons += items.size()) > kMaxComparisons) return ValueTooLarge();
    Value item = ElementOf(a[0], i);
    if (!Contains(items, item)) items.push_back(std::move(item));
  }
  return Value::NewList(std::move(items));
}

Result<Value> Without(Arguments a) {
  if (!IsSlice(a[0])) return NotAList("Cannot find without on type ", a[0]);
  std::vector<Value> items;
  for (std::size_t i = 0; i < LengthOf(a[0]); ++i) {
    Value item = ElementOf(a[0], i);
    if (!std::ranges::any_of(a.subspan(1), [&](const Value& omitted) { return DeepEqual(item, omitted); }))
      items.push_back(std::move(item));
  }
  return Value::NewList(std::move(items));
}

Result<Value> Has(Arguments a) {
  if (a[1].IsNil()) return Value::Bool(false);
  if (!IsSlice(a[1])) return NotAList("Cannot find has on type ", a[1]);
  for (std::size_t i = 0; i < LengthOf(a[1]); ++i) {
    if (DeepEqual(a[0], ElementOf(a[1], i))) return Value::Bool(true);
  }
  return Value::Bool(false);
}

/// reflect.Value.Slice, which may reach into the capacity: what sprig's lists have no more of than elements.
Result<Value> Slice(Arguments a) {
  if (!IsSlice(a[0])) return NotAList("list should be type of slice or array but ", a[0]);
  const auto size = static_cast<std::int64_t>(LengthOf(a[0]));
  if (size == 0) return Value::Nil();
  const std::int64_t start = a.size() > 1 ? ToInt64(a[1]) : 0, end = a.size() > 2 ? ToInt64(a[2]) : size;
  if (start < 0 || start > end || end > size) return Invalid("reflect.Value.Slice: slice index out of bounds");
  if (!a[0].IsList()) return Value::Bytes(a[0].AsString().substr(static_cast<std::size_t>(start), static_cast<std::size_t>(end - start)));
  const List& list = *a[0].list();
  return Value::NewList(std::vector<Value>(list.items.begin() + start, list.items.begin() + end), list.type);
}

Result<Value> Concat(Arguments a) {
  std::vector<Value> items;
  bool any = false;
  for (const Value& given : a) {
    const Value list = AsList(given);
    if (!IsSlice(list)) return NotAList("Cannot concat type ", list, " as list");
    for (std::size_t i = 0; i < LengthOf(list); ++i) items.push_back(ElementOf(list, i));
    any = any || LengthOf(list) > 0;
    if (items.size() > kMaxValueNodes) return ValueTooLarge();
  }
  if (!any) return Value::NilList();
  return Value::NewList(std::move(items));
}

Result<Value> Chunk(Arguments a) {
  if (!IsSlice(a[1])) return NotAList("Cannot chunk type ", a[1]);
  const std::int64_t size = a[0].AsSigned();
  const std::vector<Value> items = Elements(a[1]);
  std::vector<Value> chunks;
  // sprig counts the chunks with floats, which is odd for sizes below one.
  const double count = std::floor((static_cast<double>(items.size()) - 1) / static_cast<double>(size)) + 1;
  if (!std::isfinite(count) || count < 0 || (count >= 1 && size < 0 && (items.empty() || size == -1)))
    return Invalid("runtime error: makeslice: len out of range");
  if (count < 1) return Value::NewList({}, ListType::AnyList);
  if (size < 0) return Value::NewList({Value::NewList(items)}, ListType::AnyList);
  const auto step = static_cast<std::size_t>(size);
  for (std::size_t i = 0; i < items.size(); i += std::min(step, items.size() - i)) {
    const auto from = items.begin() + static_cast<std::ptrdiff_t>(i);
    chunks.push_back(Value::NewList(std::vector<Value>(from, from + static_cast<std::ptrdiff_t>(std::min(step, items.size() - i)))));
  }
  return Value::NewList(std::move(chunks), ListType::AnyList);
}

/// `function`, whose argument number `index` is a list, for named slice types too.
Call OnList(std::size_t index, Result<Value> (*function)(Arguments)) {
  return [index, function](Arguments a) {
    if (!a[index].IsObject()) return function(a);
    std::vector<Value> arguments(a.begin(), a.end());
    arguments[index] = AsList(arguments[index]);
    return function(arguments);
  };
}

}  // namespace

void AddLists(FunctionMap& map) {
  AddVariadic(map, {"list", "tuple"}, {kAny}, [](Arguments a) { return Value::NewList(std::vector<Value>(a.begin(), a.end())); });
  Add(map, {"first", "mustFirst"}, {kAny}, OnList(0, First));
  Add(map, {"last", "mustLast"}, {kAny}, OnList(0, Last));
  Add(map, {"rest", "mustRest"}, {kAny}, OnList(0, Rest));
  Add(map, {"initial", "mustInitial"}, {kAny}, OnList(0, Initial));
  Add(map, {"append", "push", "mustAppend", "mustPush"}, {kAny, kAny}, OnList(0, Push));
  Add(map, {"prepend", "mustPrepend"}, {kAny, kAny}, OnList(0, Prepend));
  Add(map, {"reverse", "mustReverse"}, {kAny}, OnList(0, Reverse));
  Add(map, {"compact", "mustCompact"}, {kAny}, OnList(0, Compact));
  Add(map, {"uniq", "mustUniq"}, {kAny}, OnList(0, Uniq));
  AddVariadic(map, {"without", "mustWithout"}, {kAny, kAny}, OnList(0, Without));
  Add(map, {"has", "mustHas"}, {kAny, kAny}, OnList(1, Has));
  AddVariadic(map, {"slice", "mustSlice"}, {kAny, kAny}, OnList(0, Slice));
  AddVariadic(map, {"concat"}, {kAny}, Concat);
  Add(map, {"chunk", "mustChunk"}, {kInt, kAny}, OnList(1, Chunk));
}

}  // namespace sluice::helm
